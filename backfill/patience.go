package backfill

import (
	"context"
	"errors"
	"time"

	"crossfade/backfill/pace"
	"crossfade/backfill/turns"
)

// passwordRefused tells whether a server does not take the stored password any more.
func passwordRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Scope == AccountScope && e.Patience == Never
}

// judge takes the end of a pass and tells how long to wait before the next one. firm pauses are not cut short by
// news in a folder.
func (a *account) judge(err error) (wait time.Duration, firm bool) {
	stop := endOf(err)
	if stop == turns.Locked {
		a.tryOther()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	o := &a.e.opt
	return a.patience.After(stop, a.taken.Load(), turns.Pauses{Recheck: o.Recheck, Error: o.Pause, Account: o.AccountPause}, time.Now())
}

// endOf tells what an error at the end of a pass means for the next one.
func endOf(err error) turns.End {
	var e *Error
	switch {
	case err == nil:
		return turns.Well
	case passwordRefused(err):
		return turns.Locked
	case errors.As(err, &e) && e.Scope == AccountScope && e.Patience == Later:
		return turns.Refused
	case IsUnavailable(err):
		return turns.Unavailable
	}
	return turns.Failed
}

// forgive ends a firm pause: at an admin's command, or when the user has logged in after the password was refused.
func (a *account) forgive() {
	a.mu.Lock()
	a.patience.Forgive()
	a.retryAt = time.Time{}
	a.mu.Unlock()
	select {
	case a.again <- struct{}{}:
	default:
	}
	a.kick()
}

// rest waits between two passes. News in a folder cuts it short, but does not hammer a server that just failed.
func (a *account) rest(ctx context.Context, wait time.Duration, firm, failed bool) {
	wakeup := a.wakeup
	if firm {
		wakeup = nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.again:
	case <-wakeup:
		if failed {
			_ = sleep(ctx, min(wait, time.Second)) // the loop sees that ctx has ended
		}
	case <-ctx.Done():
	}
}

// ready waits until nothing keeps the account from working: no pause by an admin's command, none of a host.
func (a *account) ready(ctx context.Context) error {
	for _, wait := range []func(context.Context) error{a.unpaused, a.from.pace.Ready, a.e.above.Ready} {
		if err := wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Retry ends the pauses that errors have made: an account's after a full mailbox or a refused password, and, for
// everything, the hosts' own, whose found limits are forgotten. Passwords that were refused may be asked about again. A folder is looked at at once.
func (e *Engine) Retry(t Target) error {
	e.needs.forgive(t.Account) // it may be no account yet
	accounts, f, err := e.find(t)
	if err != nil {
		return err
	}
	if t.Account == "" {
		for _, s := range e.sources {
			s.pace.Forgive()
		}
		e.above.Forgive()
		e.guesses.forget("")
	}
	for _, a := range accounts {
		for _, g := range a.all() {
			if f == nil || f == g {
				g.mu.Lock()
				g.checked = time.Time{}
				g.mu.Unlock()
			}
		}
		e.guesses.forget(canonical(a.name))
		a.forgive()
	}
	return nil
}

// waits tells what keeps the account from copying just now, in words for the admin, and until when, if that is
// known.
func (a *account) waits(hosts hostWaits) (why string, until time.Time) {
	a.mu.Lock()
	paused, p, problem := a.paused, a.patience, a.problems.Text
	a.mu.Unlock()
	switch {
	case a.e.isHeld():
		return "everything is paused: 'crossfade resume' lets it go on", time.Time{}
	case paused:
		return "paused: 'crossfade resume --account " + a.name + "' lets it go on", time.Time{}
	case time.Now().Before(p.Until) && p.Secret:
		return "the password was refused: the user's next login, or 'crossfade retry', ends the wait", p.Until
	case time.Now().Before(p.Until):
		return "refused for the account (" + problem + "): 'crossfade retry' ends the wait", p.Until
	}
	if w, ok := hosts.of(a); ok {
		return w.why, w.until
	}
	if a.e.slots.Queued(a.id) > 0 {
		return "other accounts and opened folders go first", time.Time{}
	}
	return "", time.Time{}
}

// waits fills in what keeps the account from copying.
func (r *AccountReport) waits(a *account, hosts hostWaits) {
	why, until := a.waits(hosts)
	if r.Waits = why; !until.IsZero() {
		r.WaitsUntil = &until
	}
}

// hostWaits is what keeps everybody of a host waiting.
type hostWaits map[*pace.Host]hostWait

type hostWait struct {
	why   string
	until time.Time
}

// hostWaits tells which of the hosts are left alone.
func (e *Engine) hostWaits() hostWaits {
	out := make(hostWaits)
	for _, s := range e.sources {
		out.add("source", s.pace)
	}
	out.add("destination", e.above)
	return out
}

func (h hostWaits) add(side string, p *pace.Host) {
	switch s := p.Stats(); {
	case s.PausedUntil != nil:
		h[p] = hostWait{"the " + side + " asked for a pause: " + s.PausedFor, *s.PausedUntil}
	case s.QuietUntil != nil && s.WaitsFor != "":
		h[p] = hostWait{"quiet hours of the " + side, *s.QuietUntil}
	}
}

// of is what keeps an account waiting.
func (h hostWaits) of(a *account) (hostWait, bool) {
	if w, ok := h[a.from.pace]; ok {
		return w, true
	}
	w, ok := h[a.e.above]
	return w, ok
}
