package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// A side from which more than this much vanished at once is not believed: a restored, re-created or unmounted
// mailbox looks the same as a user who deletes, and the difference is everybody's mail.
const (
	goneMany  = 50
	goneShare = 20 // one in twenty
	emptied   = 10 // a folder that held so many does not become empty at once, unless it is trash or junk
)

// tooMany tells whether so many messages vanished that a person has to say it is true.
func tooMany(gone, total int) bool { return gone > goneMany && gone*goneShare > total }

// mergeGone notes what vanished from a source folder. all is the complete listing.
func (f *folder) mergeGone(ctx context.Context, src Mail, b uint16, all []Entry) error {
	gone := f.where(func(l *store.Link) bool { return onSource(l, b) && !listed(all, l.Src) })
	if why := f.unbelievable(b, len(gone), f.countBox(b)); why != "" && f.answer(sourceProblem(b)) != deleted {
		f.setProblem(sourceProblem(b), why)
		return nil
	}
	f.setProblem(sourceProblem(b), "")
	return f.loseGone(ctx, src, b, gone)
}

// loseGone takes out what a source folder seems to lack, if it says so once more.
func (f *folder) loseGone(ctx context.Context, src Mail, b uint16, gone []store.Link) error {
	if len(gone) == 0 {
		return nil
	}
	gone, err := f.stillGone(ctx, src, b, gone)
	if err != nil {
		return err
	}
	if err := f.lose(ctx, gone); err != nil {
		return err
	}
	f.noteLosses(gone)
	return nil
}

// lose takes it in that the source does not list messages any more.
func (f *folder) lose(ctx context.Context, gone []store.Link) error {
	if err := f.flagging.take(ctx); err != nil {
		return err
	}
	defer f.flagging.release()
	for {
		agreed, err := f.agree(ctx, gone)
		if err != nil {
			return err
		}
		err = f.edit(func(e *edit) error {
			for i, g := range gone {
				l, ok := e.link(g.UID)
				if !ok || l.Src != g.Src || l.Box != g.Box {
					continue
				}
				if l.Paired && l != g {
					gone[i] = l
					return errLate
				}
				if c, ok := agreed[l.UID]; ok {
					l.Flags, l.Sent = e.flags(c.want), e.flags(c.sent)
				}
				e.loseSource(l)
			}
			return nil
		})
		if !errors.Is(err, errLate) {
			return err
		}
	}
}

// copyingGone tells whether a message is being copied that the source does not list any more.
func (f *folder) copyingGone(b uint16, all []Entry) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.tally.flying == 0 {
		return false
	}
	return slices.ContainsFunc(f.links, func(l store.Link) bool {
		return l.State == store.Copying && onSource(&l, b) && !listed(all, l.Src)
	})
}

// unbelievable tells why so much cannot have vanished from a source folder at once without a person saying so,
// or "".
func (f *folder) unbelievable(b uint16, gone, total int) string {
	const ask = "nothing was deleted: they stay listed until the source shows them again, or 'crossfade accept' says that they were deleted"
	switch {
	case tooMany(gone, total):
		return fmt.Sprintf("%d of %d messages vanished from the source at once; %s", gone, total, ask)
	case gone == total && gone >= emptied && !f.emptiedByHabit():
		return fmt.Sprintf("the source's folder is suddenly empty, %d messages vanished at once; %s", gone, ask)
	}
	return ""
}

// emptiedByHabit tells whether users empty the folder at one go.
func (f *folder) emptiedByHabit() bool {
	role := mapping.Role(f.record().Role)
	return role == mapping.Trash || role == mapping.Junk
}

// stillGone opens the source folder anew and asks for what a listing lacked: one short answer deletes nothing.
func (f *folder) stillGone(ctx context.Context, src Mail, b uint16, gone []store.Link) ([]store.Link, error) {
	box := f.record().Sources[b]
	st, err := src.Examine(ctx, box.Name)
	if err != nil {
		return nil, err
	}
	if st.UIDValidity != box.UIDValidity {
		return nil, ErrUIDValidity
	}
	var set imap.UIDSet
	for i := range gone {
		set.AddNum(imap.UID(gone[i].Src))
	}
	there := make(map[uint32]bool)
	if _, err = src.Scan(ctx, box.Name, Scan{UIDValidity: box.UIDValidity, UIDs: set}, func(en Entry) error {
		there[en.UID] = true
		return nil
	}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(gone, func(l store.Link) bool { return there[l.Src] }), nil
}

// noteLostFolder says that a source folder is not there any more. What was copied stays; what was not stays listed
// until the folder is back, or the admin says that it will not be.
func (f *folder) noteLostFolder(b uint16, err error) {
	box := f.record().Sources[b]
	if !f.hasProblem(lostFolder(b)) && !f.hasNote(lostFolder(b)) {
		f.acct.wantTree()
	}
	left := len(f.where(func(l *store.Link) bool { return onSource(l, b) && l.State == store.Listed }))
	if left > 0 || box.UIDValidity == 0 {
		f.setProblem(lostFolder(b), fmt.Sprintf("%s is not on the source any more; %d messages that were not copied yet stay listed until it is back, or 'crossfade accept' gives them up: %v", box.Name, left, err))
		return
	}
	f.setProblem(lostFolder(b), "")
	f.setNote(lostFolder(b), fmt.Sprintf("%s is not on the source any more; its copies stay", box.Name))
}

// onSource tells whether the link's message should be in a source folder.
func onSource(l *store.Link, b uint16) bool { return l.Src != 0 && l.Box == b && !l.Lost }

// loseSource is what becomes of a link whose message the source does not list any more: a copy stays, answered
// by the destination; an untouched message goes; one that a client changed is kept, and reported. Nobody
// knows whether the source's listing was only short for a moment: what stays keeps its source UID, so that it
// is neither copied again nor brought back from the dead (see regain).
func (e *edit) loseSource(l store.Link) {
	switch {
	case l.Lost:
		return
	case l.State == store.Copying:
		return // its bytes are in the spool
	case l.State == store.Whiteout, l.State == store.Copied:
	case l.State == store.Quarantined && e.refusedAs(l.UID).saved: // its bytes are ours now
	case l.Paired: // never compared: shown as what the destination has
		l.State, l.Paired = store.Above, false
	case l.Touched:
		l.Lost = true
		e.quarantine(l, store.Quarantine{Reason: reasonLost})
		return
	default:
		if l.State == store.Quarantined {
			e.release(l.UID)
		}
		e.forget(l.UID)
		return
	}
	l.Lost = true
	e.put(l)
}

// regain is loseSource undone: the source lists the message again under its UID.
func (e *edit) regain(l store.Link) store.Link {
	if !l.Lost {
		return l
	}
	l.Lost = false
	switch l.State {
	case store.Above:
		if l.State, l.Paired = store.Listed, true; !l.Touched {
			l.Flags = l.Base
		}
	case store.Quarantined:
		l.State = store.Listed
		e.release(l.UID)
	}
	e.put(l)
	return l
}

// listed tells whether a UID is in an ascending listing.
func listed(all []Entry, uid uint32) bool {
	i := sort.Search(len(all), func(i int) bool { return all[i].UID >= uid })
	return i < len(all) && all[i].UID == uid
}
