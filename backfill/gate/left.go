package gate

import (
	"context"
	"fmt"
)

// notCleaned: what the destination would delete was not copied there; a person decides.
func notCleaned(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "auto-clean", Text: "no folder is held back because the new server would empty it"}
	for i := range g.Accounts {
		for _, f := range g.Accounts[i].Cleaned {
			c.item(Red, "%s: %s: %s", g.Accounts[i].Name, f.Folder, f.Why)
		}
	}
	c.found("%d folders are not copied, because the new server would delete what is old in them", "change the rule there, then crossfade resume --account NAME --folder PATH; serve --auto-clean copy lets all of them go")
	return c, nil
}

// Kinds of what does not move, as the engine calls them.
const (
	leftRedirect = "redirect"
	leftVacation = "vacation"
	leftUnseen   = "unseen"
)

// forwards: a filter that forwards or answers goes on on the old server while mail arrives there, and ends with it. Set up
// on both servers, it does so twice.
func forwards(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "forwards", Text: "no filter on the old server forwards or answers mail, as far as it was seen"}
	g.stays(&c, func(kind string) bool { return kind == leftRedirect || kind == leftVacation })
	c.found("%d filters on the old server forward or answer mail", "set them up on the new server when MX leads there, and take them out of the old one then: with both, mail is forwarded or answered twice; then --accept forwards")
	return c, nil
}

// leftBehind: what else is on the old server and does not move. What could not be looked at stands in nobody's way, and is
// told.
func leftBehind(_ context.Context, g *asking) (Condition, error) {
	const always = "aliases, lists, signatures and rules of mail programs show on no protocol: set them up by hand"
	c := Condition{Name: "left behind", Text: "nothing else was seen on the old server that does not move"}
	unseen, why := 0, ""
	for i := range g.Accounts {
		s := g.Accounts[i].Stays
		if s == nil {
			unseen++
			continue
		}
		for _, l := range s.Items {
			if l.Kind == leftUnseen {
				unseen++
				why = " (" + l.Text + ")"
				break
			}
		}
	}
	g.stays(&c, func(kind string) bool { return kind != leftRedirect && kind != leftVacation && kind != leftUnseen })
	c.found("%d things on the old server do not move", "set up on the new server what is still needed; then --accept \"left behind\"")
	if unseen > 0 {
		c.Text += fmt.Sprintf("; in %d accounts not everything could be looked at%s", unseen, why)
	}
	c.Text += "; " + always
	return c, nil
}

// stays names what was found of some kinds.
func (g *asking) stays(c *Condition, kinds func(string) bool) {
	for i := range g.Accounts {
		a := &g.Accounts[i]
		if a.Stays == nil {
			continue
		}
		for _, l := range a.Stays.Items {
			if kinds(l.Kind) {
				c.item(Yellow, "%s: %s", a.Name, l.Text)
			}
		}
	}
}

// neverCame: who was enrolled by the admin and never came through the proxy may work past it.
func neverCame(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "never came", Text: "every account's user has logged in through the proxy"}
	for i := range g.Accounts {
		if a := &g.Accounts[i]; a.NeverCame {
			c.item(Yellow, "%s", a.Name)
		}
	}
	c.found("%d users have never logged in through the proxy", "who uses webmail, EAS, EWS or MAPI sees only what has been copied: let their INBOX go first (crossfade priority --account NAME --folder INBOX 10); who uses nothing needs a password on the new server; then --accept \"never came\"")
	return c, nil
}
