package gate

import (
	"context"
	"fmt"
	"time"
)

// settledFolders: what has not settled is still shown by the old server's leave: bodies come from there, and mail programs
// know the folder under its numbers.
func settledFolders(_ context.Context, g *asking) (Condition, error) {
	c, folders := Condition{Name: "settled"}, 0
	for i := range g.Accounts {
		a := &g.Accounts[i]
		if folders += a.Native; a.Unsettled > 0 {
			c.item(Yellow, "%s: %d of %d folders have not settled: %s", a.Name, a.Unsettled, a.Unsettled+a.Native, a.Waits)
		}
	}
	c.Text = fmt.Sprintf("all %d folders are shown under the new server's numbers", folders)
	c.found("in %d accounts folders have not settled", "they do so by themselves when they have been complete for a while and were opened once; crossfade settle tells what each waits for, crossfade settle --account NAME --now does it at once")
	return c, nil
}

// aliasUse is how long ago the last use of an old folder name must be.
const aliasUse = 30 * 24 * time.Hour

// aliasesUnused: a mail program that still asks for a folder by its old name does not find it without the proxy.
func aliasesUnused(_ context.Context, g *asking) (Condition, error) {
	c := Condition{Name: "old names", Text: "no mail program uses the old server's folder names"}
	for i := range g.Accounts {
		a := &g.Accounts[i]
		if !a.AliasUsed.IsZero() && g.Time.Sub(a.AliasUsed) < aliasUse && !a.SpliceAccepted {
			c.item(Yellow, "%s: %d times, last on %s", a.Name, a.AliasUses, day(a.AliasUsed))
		}
	}
	c.found("in %d accounts mail programs use the old server's folder names", "have these programs list their folders anew, without a prefix such as INBOX.; or accept that the names end: crossfade splice --account NAME")
	return c, nil
}
