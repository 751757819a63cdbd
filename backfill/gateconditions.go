package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossfade/store"
)

// knownAccounts: an account that nobody knows of is not moved, and nobody would notice.
func knownAccounts(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "accounts", Text: fmt.Sprintf("%d accounts are known", len(g.accounts))}
	if len(g.accounts) == 0 {
		c.Colour, c.Text = Red, "no account is known: nothing was moved"
		c.Do = "an account is enrolled by its first login through the proxy: point DNS at it, or log in once as each user"
	}
	return c, nil
}

// listedFolders: what was never listed may hold anything.
func listedFolders(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "listed", Text: "every account's folders were listed"}
	for i := range g.accounts {
		a := &g.accounts[i]
		switch {
		case !a.listed:
			c.item(Red, "%s: not looked at since the proxy started", a.name)
		case a.sums.folders == 0:
			c.item(Red, "%s: no folder is known", a.name)
		case a.sums.listed < a.sums.sourced:
			c.item(Red, "%s: %d of %d folders not listed yet", a.name, a.sums.sourced-a.sums.listed, a.sums.sourced)
		}
	}
	if c.count() > 0 {
		c.Text = fmt.Sprintf("%d accounts were not listed whole", c.count())
		c.Do = "wait for the backfill; where a password changed, the user's next login helps"
	}
	return c, nil
}

// nothingToRebuild: an account whose state was lost serves nobody, and nobody knows what of it was deleted.
func nothingToRebuild(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "rebuild", Text: "no account waits for a rebuild"}
	waiting, err := g.e.Rebuilding()
	if err != nil {
		return c, err
	}
	for _, a := range waiting {
		if g.opt.Account == "" || canonical(a.Account) == canonical(g.opt.Account) {
			c.item(Red, "%s: %s (%s)", a.Account, a.Why, a.State)
		}
	}
	if c.count() > 0 {
		c.Text, c.Do = fmt.Sprintf("%d accounts wait for a rebuild", c.count()), "crossfade rebuild"
	}
	return c, nil
}

// noProblems: a folder that stopped waits for a person.
func noProblems(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "problems", Text: "no folder and no account has stopped"}
	for i := range g.accounts {
		a := &g.accounts[i]
		if a.problem != "" {
			c.item(Red, "%s: %s", a.name, a.problem)
		}
		if a.doubt != "" {
			c.item(Red, "%s: %s", a.name, a.doubt)
		}
		for _, f := range a.all() {
			if p := f.problem().Text; p != "" {
				c.item(Red, "%s: %s: %s", a.name, f.record().Path.String(), p)
			}
		}
	}
	if c.count() > 0 {
		c.Text = fmt.Sprintf("%d accounts or folders have stopped", c.count())
		c.Do = "each says why: remove the cause; 'crossfade status' shows when it goes on"
	}
	return c, nil
}

// notHeld: while the backfill rests, what arrives on the source stays there.
func notHeld(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "held", Text: "the backfill is at work"}
	if g.e.isHeld() {
		c.Colour, c.Text, c.Do = Red, "the backfill is held: what arrives on the old server stays there", "let it go: crossfade release"
		return c, nil
	}
	for i := range g.accounts {
		for _, f := range g.accounts[i].all() {
			if f.rests() {
				c.item(Red, "%s: %s", g.accounts[i].name, f.record().Path.String())
			}
		}
	}
	if c.count() > 0 {
		c.Text, c.Do = fmt.Sprintf("%d folders are paused", c.count()), "let them go: crossfade resume"
	}
	return c, nil
}

// allCopied: nothing waits to be copied.
func allCopied(_ context.Context, g *gate) (Condition, error) {
	c, done, source := Condition{Name: "copied"}, 0, 0
	for i := range g.accounts {
		a := &g.accounts[i]
		n := a.sums.completion()
		done, source = done+n.Done, source+n.Source
		if left := a.sums.tally.left(); left > 0 {
			c.item(Red, "%s: %d messages to go", a.name, left)
		}
	}
	c.Text = fmt.Sprintf("%d of %d messages of the old server are done", done, source)
	if c.count() > 0 {
		c.Do = "wait; 'crossfade status' tells how long it will take"
	}
	return c, nil
}

// nothingInFlight: an APPEND whose end is not known is found out at the folder's next turn.
func nothingInFlight(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "in flight", Text: "nothing is under way"}
	for i := range g.accounts {
		a := &g.accounts[i]
		for _, f := range a.all() {
			t := f.counted()
			open, err := f.openIntent()
			if err != nil {
				return c, err
			}
			if n := t.flying + t.removing + t.leaving; n > 0 || open {
				c.item(Yellow, "%s: %s: %d messages", a.name, f.record().Path.String(), n)
			}
		}
	}
	if c.count() > 0 {
		c.Text = fmt.Sprintf("in %d folders copies or removals are under way, or their end is not known yet", c.count())
		c.Do = "ask again in a minute; the folder's next turn finds out"
	}
	return c, nil
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

// quarantineSigned: a person accepted each message that stays behind.
func quarantineSigned(ctx context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "quarantine"}
	open, signed, lost := 0, 0, 0
	err := g.e.Quarantine(ctx, QuarantineFilter{Account: g.opt.Account}, func(q Quarantined) error {
		if q.SignedOff != nil {
			signed++
			return nil
		}
		open++
		where := "its bytes are saved here"
		if !q.Saved {
			where = "its bytes are on the old server only"
			lost++
		}
		c.item(Red, "%s: %s: UID %d: %s (%s)", q.Account, q.Folder, q.UID, q.Class, where)
		return nil
	})
	if err != nil {
		return c, err
	}
	c.Text = fmt.Sprintf("no refused message is open; %d are signed off", signed)
	if open > 0 {
		c.Text = fmt.Sprintf("%d messages were refused and are not signed off; the bytes of %d are on the old server only", open, lost)
		c.Do = "crossfade quarantine list; then retry, export, or sign-off"
	}
	return c, nil
}

// verifiedLately: both sides were compared message by message, not long ago, and agreed.
func verifiedLately(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "verified", Text: "both sides were compared lately and agree"}
	for i := range g.accounts {
		a := &g.accounts[i]
		v := a.rec.Verified
		switch {
		case v == nil:
			c.item(Red, "%s: never compared", a.name)
		case !v.OK:
			c.item(Red, "%s: %d of %d folders did not agree on %s: %s", a.name, v.Bad, v.Folders, day(v.Ended), v.Problem)
		case g.now.Sub(v.Ended) > g.opt.MaxAge:
			c.item(Yellow, "%s: last on %s", a.name, day(v.Ended))
		case v.Total != a.sums.completion().Source:
			c.item(Yellow, "%s: %d messages then, %d now", a.name, v.Total, a.sums.completion().Source)
		}
	}
	if c.count() > 0 {
		c.Text = fmt.Sprintf("%d accounts are not proven", c.count())
		c.Do = "crossfade finish --verify, or crossfade verify --report FILE for a report that can be signed"
	}
	return c, nil
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// quietSource: mail still arrives on the old server, so somebody still delivers or writes there.
func quietSource(ctx context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "arrivals", Text: fmt.Sprintf("nothing arrived on the old server for %s", days(g.opt.Quiet))}
	for i := range g.accounts {
		a := &g.accounts[i]
		last, where := time.Time{}, ""
		for _, f := range a.all() {
			if err := ctx.Err(); err != nil {
				return c, err
			}
			at, err := f.lastArrival(g.now)
			if err != nil {
				return c, err
			}
			if at.After(last) {
				last, where = at, f.record().Path.String()
			}
		}
		if !last.IsZero() && g.now.Sub(last) < g.opt.Quiet {
			c.item(Yellow, "%s: last on %s, in %s", a.name, day(last), where)
		}
	}
	if c.count() > 0 {
		c.Text = fmt.Sprintf("in %d accounts mail arrived on the old server within %s", c.count(), days(g.opt.Quiet))
		c.Do = "see that MX and every program's server name lead to the new server or to the proxy; then wait, or accept it with --accept arrivals"
	}
	return c, nil
}

func days(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); n > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", n)
	}
	return d.String()
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

// clients tells who is here. It stands in nobody's way: whoever uses the proxy goes on using it.
func clients(_ context.Context, g *gate) (Condition, error) {
	c := Condition{Name: "clients", Colour: Green}
	open, users, never := 0, 0, 0
	for i := range g.accounts {
		a := &g.accounts[i]
		switch {
		case a.sessions > 0:
			open += a.sessions
			users++
			c.item(Green, "%s: %d sessions open", a.name, a.sessions)
		case a.rec.LastLogin.IsZero():
			never++
			c.item(Green, "%s: last login not known", a.name)
		default:
			c.item(Green, "%s: last login on %s", a.name, day(a.rec.LastLogin))
		}
	}
	c.Text = fmt.Sprintf("%d sessions of %d accounts are open through the proxy", open, users)
	c.Do = "they go on without the old server: keep the proxy running until DNS leads to the new server and nobody comes any more"
	return c, nil
}
