package lineage

import (
	"fmt"
	"time"

	"crossfade/store"
)

// A closed account is the destination's alone, also when the state is lost or an old copy: nothing of its source is asked
// or kept again, and there is nothing to rebuild. Its clients have the destination's numbers already.

// MarkClosed notes that an account's source is watched no more.
func (l *Lineage) MarkClosed(key string) error {
	if l.marks == nil {
		return nil
	}
	if err := l.marks.Close(key); err != nil {
		return fmt.Errorf("note that an account is closed: %w", err)
	}
	return nil
}

// WasClosed tells whether the marks know an account as closed.
func (l *Lineage) WasClosed(key string) bool {
	if l.marks == nil {
		return false
	}
	was, known := l.marks.Account(key)
	return known && was.Closed
}

// closedAgain makes the record that of a closed account. When it settled and was closed is not known any more.
func closedAgain(rec *store.Account) {
	now := time.Now().UTC()
	rec.EraseSecrets()
	rec.Settled, rec.Closed, rec.SpliceAccepted = now, now, true // it has no aliases that a pipe would not know
	rec.Rebuild, rec.HighUIDValidity, rec.SettleStopped, rec.NoClients = "", 0, false, false
}

// SinceLost makes a new account one that is to be rebuilt, if it was known before the store was lost, or one that is
// closed still.
func (l *Lineage) SinceLost(rec *store.Account) {
	if l.marks == nil {
		return
	}
	was, known := l.marks.Account(rec.Key)
	switch {
	case known && was.Closed:
		closedAgain(rec)
	case known:
		rec.Rebuild, rec.HighUIDValidity = Lost, was.High
	}
}

// Unknown are the keys of accounts that only the marks know: their state is lost, and they wait for a rebuild as soon as
// their users are here.
func (l *Lineage) Unknown(known map[string]bool) (keys []string) {
	if l.marks == nil {
		return nil
	}
	for _, m := range l.marks.Accounts() {
		if key := string(m.Key); !known[key] {
			keys = append(keys, key)
		}
	}
	return keys
}
