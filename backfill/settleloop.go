package backfill

import (
	"context"
	"slices"
	"time"
)

// The pauses after a folder was tried in vain, in Options.Recheck: the first one, doubled until the last.
const (
	settleRetry     = 10
	settleRetryMost = 720
)

// settleTime bounds one try: both sides of the folder are listed in it.
const settleTime = 30 * time.Minute

// tried is what stood in the way when the folder was last tried.
type tried struct {
	why   []string
	until time.Time // not again before
	pause time.Duration
}

// settleLoop lets folders settle when package settling says so, until ctx ends.
func (e *Engine) settleLoop(ctx context.Context) {
	ctx = WithBackground(ctx)
	for ctx.Err() == nil {
		for _, a := range e.known() {
			if err := a.noteComplete(time.Now()); err != nil && ctx.Err() == nil && !IsFull(err) {
				a.log.Warn("it could not be noted which folders are complete", "err", err)
			}
		}
		again := e.settleSome(ctx)
		wait := e.opt.Recheck
		if !again.IsZero() {
			wait = min(wait, max(time.Until(again), time.Millisecond))
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-e.settleSoon:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// settleAtOnce is how many folders settle side by side, each of another account: a slow one keeps only its own account
// waiting.
const settleAtOnce = 4

// settleSome lets folders settle until none may, and tells when one may again; zero if that is not known.
func (e *Engine) settleSome(ctx context.Context) time.Time {
	ended := make(chan error, settleAtOnce)
	running, down := 0, false
	for {
		p := e.settlePlan(time.Now())
		account, i, ok := p.Next()
		if ok && running < settleAtOnce && !down && ctx.Err() == nil && e.room() == nil {
			running++
			f := p.folders[account][i]
			f.noteSettles(true) // for the next plan
			go func() {
				err := f.attempt(ctx)
				f.noteSettles(false)
				ended <- err
			}()
			continue
		}
		if running == 0 {
			if down { // a server that does not answer does so for all
				return time.Time{}
			}
			return p.Again()
		}
		t := time.NewTimer(e.opt.Recheck)
		select {
		case err := <-ended:
			running--
			down = down || err != nil && !folderOnly(err)
		case <-e.settleSoon:
		case <-t.C:
		}
		t.Stop()
	}
}

// attempt lets the folder settle now, whatever the plan says. What stands in the way is remembered in words, and it is not
// tried again by itself for a while.
func (f *folder) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	var why []string
	err := f.acct.refreshTree(ctx, freshTree) // else nobody knows whether it is the account's last one
	if err == nil {
		why, err = f.settle(ctx)
	}
	if f.passage.over() { // another folder is in its place
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, e := &f.tried, f.acct.e
	t.pause = min(max(2*t.pause, settleRetry*e.opt.Recheck), settleRetryMost*e.opt.Recheck)
	t.until, t.why = time.Now().Add(t.pause), why
	switch {
	case err != nil:
		t.why = append(slices.Clone(why), err.Error())
		f.acct.log.Warn("a folder could not settle", "folder", f.rec.Name, "err", err, "pause", t.pause)
	case len(why) == 0:
		t.why = []string{"it did not settle, and nobody knows why"}
	}
	return err
}

// settleKick has the loop look at once.
func (e *Engine) settleKick() {
	select {
	case e.settleSoon <- struct{}{}:
	default:
	}
}
