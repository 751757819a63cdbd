package backfill

import (
	"context"
	"errors"
	"time"

	"crossfade/backfill/gate"
	"crossfade/store"
)

// Finish tells whether the old server may be switched off, and what is to be done before. It changes nothing; what it
// says of all accounts is remembered for metrics and the status page.
func (e *Engine) Finish(ctx context.Context, opt gate.Options) (gate.Report, error) {
	s, err := e.gateState(ctx, opt.Account)
	if err != nil {
		return gate.Report{}, err
	}
	r, err := gate.Ask(ctx, s, opt)
	if err == nil && opt.Account == "" {
		e.asked.Store(askedOf(r))
	}
	return r, err
}

// gateState gathers what the gate looks at, of one account or of all.
func (e *Engine) gateState(ctx context.Context, name string) (gate.State, error) {
	s := gate.State{Time: time.Now(), Held: e.isHeld()}
	s.Source, s.Destination = e.Servers()
	accounts, err := e.accountsNamed(name)
	if err != nil {
		return s, err
	}
	plan := e.settlePlan(s.Time)
	for _, a := range accounts {
		if !a.parted().closed.IsZero() {
			s.Closed++
			continue
		}
		ga, err := a.gateState(ctx, s.Time)
		if err != nil {
			return s, err
		}
		part := a.partingReport(&sums{blended: ga.Unsettled, native: ga.Native}, plan, s.Time)
		ga.Waits, ga.AliasUses, ga.SpliceAccepted = part.waits(), part.AliasUses, part.SpliceAccepted
		ga.AliasUsed = a.parted().aliasUsed
		s.Accounts = append(s.Accounts, ga)
	}
	waiting, err := e.Rebuilding()
	if err != nil {
		return s, err
	}
	for _, w := range waiting {
		if name == "" || canonical(w.Account) == canonical(name) {
			s.Rebuilds = append(s.Rebuilds, gate.Rebuild{Account: w.Account, Why: w.Why, State: w.State})
		}
	}
	s.Refused = func(ctx context.Context, each func(gate.Refused) error) error {
		return e.Quarantine(ctx, QuarantineFilter{Account: name}, func(q Quarantined) error {
			return each(gate.Refused{Account: q.Account, Folder: q.Folder, UID: q.UID, Class: q.Class, Signed: q.SignedOff != nil, Saved: q.Saved})
		})
	}
	return s, nil
}

// gateState is what the gate looks at of one account.
func (a *account) gateState(ctx context.Context, now time.Time) (gate.Account, error) {
	var rec store.Account
	err := a.e.store.View(func(rx *store.Rx) (err error) {
		rec, err = rx.Account(a.id)
		return err
	})
	if err != nil {
		return gate.Account{}, err
	}
	g := gate.Account{Name: a.name, Verified: rec.Verified, LastLogin: rec.LastLogin, NeverCame: rec.FirstLogin.IsZero(), Stays: rec.Left}
	var s sums
	for _, f := range a.all() {
		if err := errors.Join(ctx.Err(), f.gateState(&g, &s, now)); err != nil {
			return g, err
		}
	}
	a.surveyed(&s)
	g.Views, g.Hidden = a.gateViews(), a.hidden()
	n := s.completion()
	g.Native, g.Unsettled = s.native, s.blended
	g.Folders, g.Sourced, g.Examined = s.folders, s.sourced, s.listed
	g.Done, g.Source, g.Left = n.Done, n.Source, s.tally.left()
	a.mu.Lock()
	g.Sessions, g.Listed = a.sessions, !a.treeInfo.at.IsZero()
	problem := a.problems.Text
	a.mu.Unlock()
	for _, text := range []string{problem, a.doubtful()} {
		if text != "" {
			g.Problems = append(g.Problems, text)
		}
	}
	return g, nil
}

// gateState adds what the gate looks at of one folder.
func (f *folder) gateState(g *gate.Account, s *sums, now time.Time) error {
	f.countOnce()
	f.glance(s, nil)
	path, t := f.record().Path.String(), f.counted()
	if p := f.problem().Text; p != "" {
		g.Stopped = append(g.Stopped, gate.Stopped{Folder: path, Why: p})
	}
	switch why := f.record().PausedFor; {
	case why != "":
		g.Cleaned = append(g.Cleaned, gate.Stopped{Folder: path, Why: why})
	case f.rests():
		g.Paused = append(g.Paused, path)
	}
	open, err := f.openIntent()
	if err != nil {
		return err
	}
	f.mu.RLock()
	subscribing := f.subscribing()
	f.mu.RUnlock()
	if n := t.flying + t.removing + t.leaving; n > 0 || open || subscribing {
		g.Flights = append(g.Flights, gate.Flight{Folder: path, Messages: n})
	}
	at, err := f.lastArrival(now)
	if at.After(g.Arrival) {
		g.Arrival, g.ArrivedIn = at, path
	}
	return err
}

// openIntent tells whether the folder has an open intent.
func (f *folder) openIntent() (bool, error) {
	err := f.acct.e.store.View(func(rx *store.Rx) error {
		_, err := rx.Intent(f.record().Account, f.id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// lastArrival is the INTERNALDATE of the message that came to the folder's own source folders last. A date in the
// future is no arrival.
func (f *folder) lastArrival(now time.Time) (last time.Time, err error) {
	rec := f.record()
	if len(ownSources(rec)) == 0 {
		return last, nil
	}
	if err := f.use(); err != nil {
		return last, err
	}
	defer f.done()
	latest, limit, own := int64(0), now.Add(time.Hour).Unix(), ownBox(rec)
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i := range f.links {
		if l := &f.links[i]; l.HasDetails && l.Src != 0 && own(l.Box) && l.Date <= limit {
			latest = max(latest, l.Date)
		}
	}
	if latest == 0 {
		return last, nil
	}
	return time.Unix(latest, 0), nil
}
