package backfill

import (
	"context"

	"crossfade/store"
)

// isHeld tells whether the whole backfill rests.
func (e *Engine) isHeld() bool {
	all, _ := e.rests.All()
	return all
}

// rests tells whether the folder's copying is paused: by itself, with its account, or with everything.
func (f *folder) rests() bool { return f.record().Paused || f.acct.rests() || f.cleanUnknown() }

// rests tells whether the account's copying is paused.
func (a *account) rests() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.paused || a.e.isHeld()
}

// unpaused waits until the account's copying may go on.
func (a *account) unpaused(ctx context.Context) error {
	for {
		_, turned := a.e.rests.All() // before the question, so that no change is missed
		if !a.rests() {
			return ctx.Err()
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Hold pauses everything: see Pause.
func (e *Engine) Hold() error { return e.Pause(Target{}) }

// Release ends Hold.
func (e *Engine) Release() error { return e.Resume(Target{}) }

// Pause lets the copying of a folder, an account or everything rest, durably. Batches in flight are ended; clients
// go on working, and are shown what is new.
func (e *Engine) Pause(t Target) error { return e.setPaused(t, true) }

// Resume lets it go on. A folder goes on only if its account does, and that only if everything does.
func (e *Engine) Resume(t Target) error { return e.setPaused(t, false) }

func (e *Engine) setPaused(t Target, paused bool) error {
	accounts, f, err := e.find(t)
	if err != nil {
		return err
	}
	switch {
	case f != nil:
		err = f.edit(func(ed *edit) error {
			if ed.rec.Paused != paused {
				ed.record().Paused = paused
			}
			if ed.rec.PausedFor != "" { // the admin has decided
				ed.record().PausedFor, ed.rec.CleanLet = "", true
			}
			return nil
		})
	case t.Account != "":
		a := accounts[0]
		err = a.change(func(rec *store.Account) { rec.Paused = paused })
	default:
		err = e.pauseAll(paused)
	}
	if err != nil {
		return err
	}
	e.rests.Changed()
	for _, a := range accounts {
		a.kick()
	}
	return nil
}

// pauseAll makes it durable, then true. A state that says so already is not written again.
func (e *Engine) pauseAll(paused bool) error {
	var c store.Control
	err := e.store.View(func(rx *store.Rx) (err error) {
		c, err = rx.Control()
		return err
	})
	if err == nil && c.Paused != paused {
		c.Paused = paused
		err = e.store.Update(func(tx *store.Tx) error { return tx.PutControl(c) })
	}
	if err != nil {
		return err
	}
	e.rests.Set(paused)
	return nil
}

// change changes the account's record: durably, then in memory.
func (a *account) change(change func(*store.Account)) error {
	var rec store.Account
	err := a.e.store.Update(func(tx *store.Tx) (err error) {
		if rec, err = tx.Account(a.id); err != nil {
			return err
		}
		change(&rec)
		return tx.PutAccount(rec)
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paused, a.priority, a.parting, a.sight = rec.Paused, rec.Priority, partingOf(rec), rec.Sight
	return nil
}
