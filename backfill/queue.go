package backfill

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
)

// run moves the account's mail until ctx ends: passes over its folders, and pauses between them that a client
// or a watcher can cut short.
func (a *account) run(ctx context.Context) {
	ctx = WithBackground(ctx)
	for !a.shut() {
		err := a.ready(ctx)
		if err == nil {
			err = a.pass(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		wait, firm := a.judge(err)
		if err != nil {
			a.log.Warn("the backfill pauses", "err", err, "pause", wait)
		}
		a.note(err)
		a.rest(ctx, wait, firm, err != nil)
	}
}

// note keeps the account's last error for the status.
func (a *account) note(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.problems = problem{}
	} else if a.problems.Text != err.Error() {
		a.problems = problem{Text: err.Error(), Since: time.Now()}
	}
}

// pass goes over all folders once. A bad folder stops no other one; an error of the account or the host ends
// the pass.
func (a *account) pass(ctx context.Context) error {
	if err := a.refreshTree(ctx, a.treeAge()); err != nil {
		a.e.mishap(err)
		return err
	}
	a.noteAliases(false)
	a.learnClean(ctx)
	a.glance(ctx)
	p := &passState{left: make(map[*folder]bool)}
	for _, f := range a.all() {
		if f.due() && !f.rests() {
			p.left[f] = true
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	for range a.e.opt.PerAccount {
		g.Go(func() error { return a.work(gctx, p) })
	}
	g.Go(func() error { a.lookLeft(gctx); return nil })
	err := g.Wait()
	if a.rebuilding() {
		return errors.Join(err, p.first)
	}
	return errors.Join(err, p.first, a.carryGone(ctx))
}

// lively tells whether somebody is likely to look: the folder is an inbox or was opened lately.
func (f *folder) lively() bool {
	f.acct.mu.Lock()
	defer f.acct.mu.Unlock()
	return f.inbox || f.viewers > 0 || time.Since(f.opened) < time.Hour
}

// due tells whether a pass should look at the folder: it has something to copy, the last look was none, or its time has
// come.
func (f *folder) due() bool {
	wait, anyway := f.lookPace()
	relook := f.acct.lastLoss()
	f.mu.RLock()
	defer f.mu.RUnlock()
	known := f.quietAt
	if f.checked.After(known) {
		known = f.checked
	}
	return !f.tallied || f.busy() || f.owed || time.Since(known) >= wait || time.Since(f.checked) >= anyway || f.checked.Before(relook)
}

// lookPace is how long the folder may go on without anybody knowing that nothing is new in it, and how long without a
// look in full. What a client has open is looked at by its watcher; for the rest, the longer nobody was there the longer
// the pauses.
func (f *folder) lookPace() (wait, anyway time.Duration) {
	a, recheck := f.acct, f.acct.e.opt.Recheck
	a.mu.Lock()
	viewed, last := f.viewers > 0, f.opened
	if f.inbox && a.arrived.After(last) {
		last = a.arrived
	}
	a.mu.Unlock()
	if viewed {
		return 4 * recheck, quietFactor * recheck
	}
	wait, anyway = quietFactor*recheck, slowFactor*recheck
	if f.inbox {
		wait, anyway = quietTree*recheck, quietFactor*recheck
	}
	return max(recheck, min(wait, time.Since(last)/10)), anyway
}

// passState is what one pass still has to do; guarded by the account's mu.
type passState struct {
	left  map[*folder]bool
	first error // the first error of a folder
}

// work takes folders, the most recently opened first, until none is left.
func (a *account) work(ctx context.Context, p *passState) error {
	for {
		f := a.take(p)
		if f == nil {
			return nil
		}
		done, err := a.turn(ctx, p, f)
		if errors.Is(err, errRests) || errors.Is(err, ErrSwitched) {
			done, err = true, nil // paused meanwhile, or another folder by now: another pass, when it goes on
		}
		a.e.mishap(err)
		if err != nil {
			if ctx.Err() != nil || !folderOnly(err) {
				return err
			}
			a.log.Warn("a folder is left for the next pass", "folder", f.record().Name, "err", err)
			f.setNote(notePass, "tried again: "+err.Error())
		} else {
			f.setNote(notePass, "")
		}
		a.mu.Lock()
		if err != nil && p.first == nil {
			p.first = err
		}
		if !done && err == nil {
			p.left[f] = true
		}
		a.mu.Unlock()
	}
}

// notePass is the kind of the note why a folder was left for the next pass.
const notePass = "pass"

// logCopied tells the admin what a turn of a folder achieved, if anything.
func (f *folder) logCopied(before tally) {
	now := f.counted()
	copied, refused := now.states[store.Copied]-before.states[store.Copied], now.states[store.Quarantined]-before.states[store.Quarantined]
	if copied > 0 || refused > 0 {
		f.acct.log.Info("copied", "folder", f.record().Name, "messages", copied, "refused", refused, "left", now.states[store.Listed])
	}
}

// turn copies a folder for a while, with one of the engine's workers.
func (a *account) turn(ctx context.Context, p *passState, f *folder) (done bool, err error) {
	t, err := a.e.slots.Take(ctx, a.id, f.rank())
	if err != nil {
		return false, err
	}
	f.countOnce()
	before := f.counted()
	moved := func() (int, int64) {
		now := f.counted()
		return now.states[store.Copied] - before.states[store.Copied], now.bytes[store.Copied] - before.bytes[store.Copied]
	}
	defer func() {
		n, bytes := moved()
		a.e.slots.Give(t, n, bytes)
		f.logCopied(before)
	}()
	return f.transfer(ctx, func() bool {
		n, bytes := moved()
		return a.e.slots.Wanted(t, n, bytes) || a.urgent(p, f)
	})
}

// folderOnly tells whether an error stops this folder and no other: everything does that is not known to
// concern the account, its server or the store.
func folderOnly(err error) bool {
	var e *Error
	switch {
	case IsUnavailable(err), errors.Is(err, store.ErrClosed):
		return false
	case errors.As(err, &e):
		return e.Scope != AccountScope
	}
	return true
}

// take picks the next folder: opened ones first, the latest before the others, then by the admin's priority, then
// INBOX, then by age.
func (a *account) take(p *passState) *folder {
	a.mu.Lock()
	defer a.mu.Unlock()
	var best *folder
	for f := range p.left {
		if best == nil || before(f, best) {
			best = f
		}
	}
	delete(p.left, best)
	return best
}

// before is the order of the queue; the caller holds the account's mu.
func before(f, g *folder) bool {
	if !f.opened.Equal(g.opened) {
		return f.opened.After(g.opened)
	}
	if x, y := f.record().Priority, g.record().Priority; x != y {
		return x > y
	}
	if x, y := f.inbox, g.inbox; x != y {
		return x
	}
	return f.id < g.id
}

// urgent tells whether a folder of the account that waits was opened later than this one.
func (a *account) urgent(p *passState, f *folder) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for g := range p.left {
		if g.opened.After(f.opened) {
			return true
		}
	}
	return false
}
