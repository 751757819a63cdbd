package backfill

import (
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

// retryRefused gives messages in quarantine another try when their time has come, ever more rarely, and drops
// records that mean nothing any more.
func (f *folder) retryRefused() error {
	recs, err := f.quarantined()
	if err != nil || len(recs) == 0 {
		return err
	}
	return f.edit(func(e *edit) error {
		for _, q := range recs {
			l, ok := e.link(q.UID)
			switch {
			case !ok || l.State == store.Copied || l.State == store.Above || l.State == store.Whiteout:
				e.release(q.UID)
			case l.State == store.Quarantined && f.retryDue(q):
				l.State = store.Listed
				e.put(l)
				f.noteTries(q.UID, q.Attempts)
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

// noteTries remembers how often a message was tried while it is not in quarantine.
func (f *folder) noteTries(uid uint32, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tries == nil {
		f.tries = make(map[uint32]int)
	}
	f.tries[uid] = n
}

// tried is how often a message was set aside before.
func (f *folder) tried(uid uint32) int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.tries[uid]
}
