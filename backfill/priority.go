package backfill

import (
	"fmt"
	"time"

	"crossfade/backfill/turns"
	"crossfade/store"
)

// MaxPriority and its negative are the bounds of a priority; 0 is what everything begins with.
const MaxPriority = 100

// Prioritize says, durably, which account or which of an account's folders goes first: higher ones before lower
// ones. A folder counts with its own priority and its account's. What a client has open goes before all. Without an
// account, every account known so far gets the priority.
func (e *Engine) Prioritize(t Target, priority int) error {
	if priority < -MaxPriority || priority > MaxPriority {
		return &Refusal{Text: fmt.Sprintf("a priority is a number from -%d to %d", MaxPriority, MaxPriority)}
	}
	accounts, f, err := e.find(t)
	if err != nil {
		return err
	}
	if f != nil {
		return f.edit(func(ed *edit) error {
			if ed.rec.Priority != priority {
				ed.record().Priority = priority
			}
			return nil
		})
	}
	for _, a := range accounts {
		if err := a.change(func(rec *store.Account) { rec.Priority = priority }); err != nil {
			return err
		}
	}
	return nil
}

// rank is how urgent the folder's copying is.
func (f *folder) rank() turns.Rank {
	own := f.record().Priority
	f.acct.mu.Lock()
	defer f.acct.mu.Unlock()
	return turns.Rank{Opened: f.viewers > 0 || time.Since(f.opened) < time.Hour, Priority: own + f.acct.priority, Inbox: f.inbox}
}
