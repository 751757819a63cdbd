package backfill

import (
	"fmt"
	"time"

	"crossfade/store"
)

// A closed account is the destination's alone, also when the state is lost or an old copy: nothing of its source is asked
// or kept again, and there is nothing to rebuild. Its clients have the destination's numbers already.

// markClosed notes that an account's source is watched no more.
func (e *Engine) markClosed(key string) error {
	if e.opt.Marks == nil {
		return nil
	}
	if err := e.opt.Marks.Close(key); err != nil {
		return fmt.Errorf("note that an account is closed: %w", err)
	}
	return nil
}

// wasClosed tells whether the marks know an account as closed.
func (e *Engine) wasClosed(key string) bool {
	if e.opt.Marks == nil {
		return false
	}
	was, known := e.opt.Marks.Account(key)
	return known && was.Closed
}

// closedAgain makes the record that of a closed account. When it settled and was closed is not known any more.
func closedAgain(rec *store.Account) {
	now := time.Now().UTC()
	rec.EraseSecrets()
	rec.Settled, rec.Closed, rec.SpliceAccepted = now, now, true // it has no aliases that a pipe would not know
	rec.Rebuild, rec.HighUIDValidity, rec.SettleStopped, rec.NoClients = "", 0, false, false
}

// sinceLost makes a new account one that is to be rebuilt, if it was known before the store was lost, or one that is
// closed still.
func (e *Engine) sinceLost(rec *store.Account) {
	if e.opt.Marks == nil {
		return
	}
	was, known := e.opt.Marks.Account(rec.Key)
	switch {
	case known && was.Closed:
		closedAgain(rec)
	case known:
		rec.Rebuild, rec.HighUIDValidity = rebuildLost, was.High
	}
}
