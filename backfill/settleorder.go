package backfill

import (
	"context"
	"time"

	"crossfade/backfill/settling"
	"crossfade/store"
)

// SettleEach tells of each folder that t names whether it has settled, and what keeps it from that. With now those that have
// not do so at once, without patience and pace, and those that cannot yet do so as soon as they can.
func (e *Engine) SettleEach(ctx context.Context, t Target, now bool, each func(SettlingFolder) error) error {
	accounts, one, err := e.find(t)
	if err != nil {
		return err
	}
	var folders []*folder
	for _, a := range accounts {
		if one != nil {
			folders = append(folders, one)
			continue
		}
		folders = append(folders, a.all()...)
	}
	if now {
		if err := e.orderSettle(folders, true); err != nil {
			return err
		}
		defer e.settleKick()
	}
	p := e.settlePlan(time.Now())
	for _, f := range folders {
		if now && p.verdict(f).Reason == settling.May {
			_ = f.attempt(WithBackground(ctx)) // what stood in the way is told
			f = f.now()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s := f.settling(p)
		if s.Reason == string(settling.Incomplete) { // there may be more than is told for nothing
			if why, err := f.unsettled(); err == nil && len(why) > 0 {
				s.Why = why
			}
		}
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}

// now is the folder that has taken this one's place, or itself.
func (f *folder) now() *folder {
	if !f.passage.over() {
		return f
	}
	path := f.record().Path
	for _, g := range f.acct.all() {
		if g.record().Path.Equal(path) {
			return g
		}
	}
	return f
}

// orderSettle notes durably that folders settle as soon as they can, or that they need not any more.
func (e *Engine) orderSettle(folders []*folder, is bool) error {
	var due []*folder
	for _, f := range folders {
		f.mu.Lock()
		f.tried = tried{}
		if f.rec.SettleOrdered != is && (!is || needsSettling(&f.rec)) {
			due = append(due, f)
		}
		f.mu.Unlock()
	}
	for len(due) > 0 {
		n := min(len(due), completeAtOnce)
		err := e.commit(due[:n], func(es []*edit) error {
			for _, e := range es {
				e.record().SettleOrdered = is
			}
			return nil
		})
		if err != nil {
			return err
		}
		due = due[n:]
	}
	return nil
}

// StopSettling keeps a folder, an account or everything from settling, durably, or lets it go on. What has settled stays
// settled. A folder goes on only if its account does, and that only if everything does.
func (e *Engine) StopSettling(t Target, stop bool) error {
	accounts, f, err := e.find(t)
	if err != nil {
		return err
	}
	switch {
	case f != nil:
		err = f.edit(func(ed *edit) error {
			r := ed.record()
			r.SettleStopped, r.SettleOrdered = stop, r.SettleOrdered && !stop
			return nil
		})
	case t.Account != "":
		err = accounts[0].change(func(rec *store.Account) { rec.SettleStopped = stop })
	default:
		err = e.changeControl(func(c *store.Control) { c.SettleStopped = stop })
		if err == nil {
			e.settleStopped.Store(stop)
		}
	}
	e.settleKick()
	return err
}

// NoClients takes the admin's word that nobody uses IMAP in an account, so that its folders do not wait for being opened,
// or takes it back.
func (e *Engine) NoClients(account string, is bool) error {
	accounts, _, err := e.find(Target{Account: account})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if err := a.change(func(rec *store.Account) { rec.NoClients = is }); err != nil {
			return err
		}
	}
	e.settleKick()
	return nil
}

// changeControl changes, durably, what an admin said about all accounts.
func (e *Engine) changeControl(change func(*store.Control)) error {
	return e.store.Update(func(tx *store.Tx) error {
		c, err := tx.Control()
		if err != nil {
			return err
		}
		change(&c)
		return tx.PutControl(c)
	})
}
