package gate

import (
	"context"
	"fmt"
	"time"
)

// knownAccounts: an account that nobody knows of is not moved, and nobody would notice.
func knownAccounts(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "accounts", Text: fmt.Sprintf("%d accounts are known", len(g.Accounts))}
	if g.Closed > 0 {
		c.Text = fmt.Sprintf("%d accounts are known, and %d are closed", len(g.Accounts), g.Closed)
	}
	if len(g.Accounts)+g.Closed == 0 {
		c.Colour, c.Text = Red, "no account is known: nothing was moved"
		c.Do = "an account is enrolled by its first login through the proxy: point DNS at it, or log in once as each user"
	}
	return c, nil
}

// listedFolders: what was never listed may hold anything.
func listedFolders(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "listed", Text: "every account's folders were listed"}
	for i := range g.Accounts {
		a := &g.Accounts[i]
		switch {
		case !a.Listed:
			c.item(Red, "%s: not looked at since the proxy started", a.Name)
		case a.Folders == 0:
			c.item(Red, "%s: no folder is known", a.Name)
		case a.Examined < a.Sourced:
			c.item(Red, "%s: %d of %d folders not listed yet", a.Name, a.Sourced-a.Examined, a.Sourced)
		}
	}
	c.found("%d accounts were not listed whole", "wait for the backfill; where a password changed, the user's next login helps")
	return c, nil
}

// nothingToRebuild: an account whose state was lost serves nobody, and nobody knows what of it was deleted.
func nothingToRebuild(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "rebuild", Text: "no account waits for a rebuild"}
	for _, a := range g.Rebuilds {
		c.item(Red, "%s: %s (%s)", a.Account, a.Why, a.State)
	}
	c.found("%d accounts wait for a rebuild", "crossfade rebuild")
	return c, nil
}

// noProblems: a folder that stopped waits for a person.
func noProblems(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "problems", Text: "no folder and no account has stopped"}
	for i := range g.Accounts {
		a := &g.Accounts[i]
		for _, p := range a.Problems {
			c.item(Red, "%s: %s", a.Name, p)
		}
		for _, f := range a.Stopped {
			c.item(Red, "%s: %s: %s", a.Name, f.Folder, f.Why)
		}
	}
	c.found("%d accounts or folders have stopped", "each says why: remove the cause; 'crossfade status' shows when it goes on")
	return c, nil
}

// notHeld: while the backfill rests, what arrives on the source stays there.
func notHeld(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "held", Text: "the backfill is at work"}
	if g.Held {
		c.Colour, c.Text, c.Do = Red, "the backfill is held: what arrives on the old server stays there", "let it go: crossfade release"
		return c, nil
	}
	for i := range g.Accounts {
		for _, folder := range g.Accounts[i].Paused {
			c.item(Red, "%s: %s", g.Accounts[i].Name, folder)
		}
	}
	c.found("%d folders are paused", "let them go: crossfade resume")
	return c, nil
}

// allCopied: nothing waits to be copied.
func allCopied(_ context.Context, g *asking) (Condition, error) {
	c, done, source := Condition{Name: "copied"}, 0, 0
	for i := range g.Accounts {
		a := &g.Accounts[i]
		done, source = done+a.Done, source+a.Source
		if a.Left > 0 {
			c.item(Red, "%s: %d messages to go", a.Name, a.Left)
		}
	}
	c.Text = fmt.Sprintf("%d of %d messages of the old server are done", done, source)
	if c.count() > 0 {
		c.Do = "wait; 'crossfade status' tells how long it will take"
	}
	return c, nil
}

// nothingInFlight: an APPEND whose end is not known is found out at the folder's next turn.
func nothingInFlight(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "in flight", Text: "nothing is under way"}
	for i := range g.Accounts {
		a := &g.Accounts[i]
		for _, f := range a.Flights {
			c.item(Yellow, "%s: %s: %d messages", a.Name, f.Folder, f.Messages)
		}
	}
	c.found("in %d folders copies, removals or a subscription are under way, or their end is not known yet", "ask again in a minute; the folder's next turn finds out")
	return c, nil
}

// quarantineSigned: a person accepted each message that stays behind.
func quarantineSigned(ctx context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "quarantine"}
	open, signed, lost := 0, 0, 0
	err := g.Refused(ctx, func(q Refused) error {
		if q.Signed {
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
func verifiedLately(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "verified", Text: "both sides were compared lately and agree"}
	for i := range g.Accounts {
		a := &g.Accounts[i]
		v := a.Verified
		switch {
		case v == nil:
			c.item(Red, "%s: never compared", a.Name)
		case !v.OK:
			c.item(Red, "%s: %d of %d folders did not agree on %s: %s", a.Name, v.Bad, v.Folders, day(v.Ended), v.Problem)
		case g.Time.Sub(v.Ended) > g.opt.MaxAge:
			c.item(Yellow, "%s: last on %s", a.Name, day(v.Ended))
		case v.Total != a.Source:
			c.item(Yellow, "%s: %d messages then, %d now", a.Name, v.Total, a.Source)
		}
	}
	c.found("%d accounts are not proven", "crossfade finish --verify, or crossfade verify --report FILE for a report that can be signed")
	return c, nil
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// quietSource: mail still arrives on the old server, so somebody still delivers or writes there.
func quietSource(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "arrivals", Text: fmt.Sprintf("nothing arrived on the old server for %s", days(g.opt.Quiet))}
	for i := range g.Accounts {
		a := &g.Accounts[i]
		if !a.Arrival.IsZero() && g.Time.Sub(a.Arrival) < g.opt.Quiet {
			c.item(Yellow, "%s: last on %s, in %s", a.Name, day(a.Arrival), a.ArrivedIn)
		}
	}
	c.found("in %d accounts mail arrived on the old server within %s",
		"see that MX and every program's server name lead to the new server or to the proxy; then wait, or accept it with --accept arrivals", days(g.opt.Quiet))
	return c, nil
}

func days(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); n > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", n)
	}
	return d.String()
}

// clients tells who is here. It stands in nobody's way: whoever uses the proxy goes on using it.
func clients(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "clients", Colour: Green}
	open, users := 0, 0
	for i := range g.Accounts {
		a := &g.Accounts[i]
		switch {
		case a.Sessions > 0:
			open += a.Sessions
			users++
			c.item(Green, "%s: %d sessions open", a.Name, a.Sessions)
		case a.LastLogin.IsZero():
			c.item(Green, "%s: last login not known", a.Name)
		default:
			c.item(Green, "%s: last login on %s", a.Name, day(a.LastLogin))
		}
	}
	c.Text = fmt.Sprintf("%d sessions of %d accounts are open through the proxy", open, users)
	c.Do = "they go on without the old server: keep the proxy running until DNS leads to the new server and nobody comes any more"
	return c, nil
}
