package gate

import "context"

// nothingHidden: a login that is not the user's own may be shown a part of the mailbox only, and nobody knows what it is not
// shown.
func nothingHidden(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "hidden", Text: "nothing says that the old server hides folders from the login that the mail is read with"}
	for i := range g.Accounts {
		if h := g.Accounts[i].Hidden; h != "" {
			c.item(Red, "%s: %s", g.Accounts[i].Name, h)
		}
	}
	c.found("in %d accounts the old server may hide folders, whose mail would stay behind", "each says what to do; if nothing is hidden: crossfade accept --whole [--account NAME]")
	return c, nil
}
