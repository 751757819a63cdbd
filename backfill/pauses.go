package backfill

import (
	"context"
	"sync"

	"crossfade/store"
)

// pauses know that everything rests, and wake those who wait for that to change.
type pauses struct {
	mu      sync.Mutex
	all     bool
	turned  chan struct{} // closed when a pause began or ended, then replaced
	waiting map[*pauseWaiter]struct{}
}

// pauseWaiter waits for a host's leave on behalf of a folder.
type pauseWaiter struct {
	f    *folder
	stop func()
}

func newPauses(all bool) *pauses {
	return &pauses{all: all, turned: make(chan struct{}), waiting: make(map[*pauseWaiter]struct{})}
}

// whenPaused calls stop if the folder is paused before the returned function is called.
func (p *pauses) whenPaused(f *folder, stop func()) (forget func()) {
	w := &pauseWaiter{f, stop}
	p.mu.Lock()
	p.waiting[w] = struct{}{}
	p.mu.Unlock()
	if f.rests() {
		stop()
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, w)
	}
}

// changed wakes whoever waits for a pause to begin or end.
func (p *pauses) changed() {
	p.mu.Lock()
	close(p.turned)
	p.turned = make(chan struct{})
	waiting := make([]*pauseWaiter, 0, len(p.waiting))
	for w := range p.waiting {
		waiting = append(waiting, w)
	}
	p.mu.Unlock()
	for _, w := range waiting {
		if w.f.rests() {
			w.stop()
		}
	}
}

// state tells whether everything rests, and when to ask again.
func (p *pauses) state() (all bool, turned <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all, p.turned
}

// isHeld tells whether the whole backfill rests.
func (e *Engine) isHeld() bool {
	all, _ := e.pauses.state()
	return all
}

// rests tells whether the folder's copying is paused: by itself, with its account, or with everything.
func (f *folder) rests() bool { return f.record().Paused || f.acct.rests() }

// rests tells whether the account's copying is paused.
func (a *account) rests() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.paused || a.e.isHeld()
}

// unpaused waits until the account's copying may go on.
func (a *account) unpaused(ctx context.Context) error {
	for {
		_, turned := a.e.pauses.state() // before the question, so that no change is missed
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
	e.pauses.changed()
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
	e.pauses.mu.Lock()
	defer e.pauses.mu.Unlock()
	e.pauses.all = paused
	return nil
}

// change changes what an admin said about the account: durably, then in memory.
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
	a.paused, a.priority = rec.Paused, rec.Priority
	return nil
}
