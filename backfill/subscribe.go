package backfill

import (
	"context"
	"errors"
	"fmt"

	"crossfade/store"
)

// noteSubscribe is the kind of the note that the destination refuses the subscription.
const noteSubscribe = "subscription"

// subscribing tells whether it is still to be seen to that the folder is subscribed on the destination as it was on the
// source; the caller holds mu. One that the destination refuses is waited for no longer, although every look tries again.
func (f *folder) subscribing() bool {
	_, refused := f.notes[noteSubscribe]
	return !f.rec.Subscribed && !refused && f.onDest.Exists && f.rec.DestUIDValidity != 0 && len(ownSources(f.rec)) > 0
}

// carrySubscription subscribes the folder on the destination if a source folder was, once. A server that refuses that
// keeps no mail from being copied.
func (f *folder) carrySubscription(ctx context.Context) error {
	rec := f.record()
	if f.acct.rebuilding() || rec.Subscribed || len(ownSources(rec)) == 0 || !f.onDestination().Exists {
		return nil
	}
	if f.acct.subscribedBelow(rec) && !f.onDestination().Subscribed {
		w, err := f.acct.dest(ctx)
		if err != nil {
			return err
		}
		var no *Error
		if err := w.Subscribe(ctx, rec.Name, true); errors.As(err, &no) && no.Scope <= FolderScope && no.Err == nil {
			f.setNote(noteSubscribe, "the destination does not subscribe it: "+no.Error())
			return nil
		} else if err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		f.setNote(noteSubscribe, "")
		f.mu.Lock()
		f.onDest.Subscribed = true
		f.mu.Unlock()
	}
	return f.editWithFix(func(e *edit) error { e.record().Subscribed = true; return nil })
}

// subscribedBelow tells whether one of the folder's sources is subscribed on the source.
func (a *account) subscribedBelow(rec store.Folder) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.treeInfo.source {
		for _, b := range rec.Sources {
			if s.Subscribed && !b.Borrowed && b.Name == s.Name {
				return true
			}
		}
	}
	return false
}
