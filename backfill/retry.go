package backfill

import (
	"context"
	"errors"
	"time"

	"crossfade/store"
)

// Reasons of quarantine. The first two may pass: a destination that was short of space, a source that was confused.
const (
	reasonRefused = "refused by the destination"
	reasonUnread  = "the source lists the message but does not give it"
	reasonLost    = "deleted on the source before it was copied, after a client had changed it"
)

// maxRetryWait is the longest pause between two tries of a message in quarantine.
const maxRetryWait = 24 * time.Hour

// retryRefused gives messages in quarantine another try when their time has come, ever more rarely, drops records that
// mean nothing any more, and sees that the bytes of the others are saved.
func (f *folder) retryRefused(ctx context.Context) error {
	recs, err := f.quarantined()
	if err != nil {
		return err
	}
	if err := f.retry(recs, f.retryDue); err != nil {
		return err
	}
	return errors.Join(f.saveMissing(ctx, recs), f.acct.sweepQuarantine())
}

// retry lists those of the messages in quarantine again whose time has come.
func (f *folder) retry(recs []store.Quarantine, due func(store.Quarantine) bool) error {
	if len(recs) == 0 {
		return nil
	}
	return f.edit(func(e *edit) error {
		for _, q := range recs {
			l, ok := e.link(q.UID)
			switch {
			case !ok || l.State == store.Copied || l.State == store.Above || l.State == store.Whiteout:
				e.release(q.UID)
			case l.State == store.Quarantined && due(q) && (!l.Lost || q.Saved != ""):
				l.State = store.Listed
				l.Touched = l.Touched || l.Lost // it is copied from what was saved: that it went below deletes it no more
				e.put(l)
			}
		}
		return nil
	})
}

// retryDue tells whether a message should be tried again: after Options.Retry, then after six times as long as
// before, up to a day.
func (f *folder) retryDue(q store.Quarantine) bool {
	wait := f.acct.e.opt.Retry
	for range q.Attempts - 1 {
		wait = min(6*wait, maxRetryWait)
	}
	return (q.Reason == reasonRefused || q.Reason == reasonUnread) && time.Since(q.Time) >= wait
}
