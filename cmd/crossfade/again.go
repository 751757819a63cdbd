package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type againCmd struct {
	asking
	Account string `arg:"" name:"account" help:"The account whose mailbox is gone from the new server, or was made anew there."`
	Yes     bool   `help:"Do it: at the next start of the proxy. Until then nothing of the account is served or copied."`
	JSON    bool   `name:"json" help:"Print one JSON object."`
}

// Run tells what beginning an account anew means, or orders it. Exit code 1 if something stands in the way.
func (c *againCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	got, err := part(ctx, kctx, io, c.asking, "/again", url.Values{"account": {c.Account}, "yes": {fmt.Sprint(c.Yes)}}, c.JSON, againText)
	if err == nil && len(got.Why) > 0 {
		return errTold
	}
	return err
}

// againText says what it means, what was noted, or what stands in the way.
func againText(a backfill.Anew) string {
	var b strings.Builder
	switch {
	case len(a.Why) > 0:
		fmt.Fprintf(&b, "%s is not begun anew:\n", a.Account)
		for _, why := range a.Why {
			fmt.Fprintf(&b, "  %s\n", oneLine(why))
		}
	case a.Noted:
		fmt.Fprintf(&b, "%s is begun anew at the next start of the proxy, and rests until then: restart it. With --login-mode capture the user's next login\n", a.Account)
		fmt.Fprintln(&b, "makes the mailbox; else make it yourself, after the restart. Then 'crossfade rebuild' says what would be copied, and 'crossfade rebuild")
		fmt.Fprintf(&b, "--accept --account %s' copies it.\n", a.Account)
	default:
		has := "has no mailbox " + a.Account + " any more"
		if a.Remade {
			has = "has another mailbox " + a.Account + " than it had"
		}
		fmt.Fprintf(&b, "The new server %s. If a backup has it, restore it there instead. Begun anew, from the old server,\n", has)
		fmt.Fprintf(&b, "  %d messages would be copied again, with the flags that are known here,\n", a.Again)
		fmt.Fprintf(&b, "  %d are not copied yet and would be in any case,\n", a.NotCopied)
		fmt.Fprintf(&b, "  %d were deleted and stay so,\n", a.Deleted)
		fmt.Fprintf(&b, "  %d were on the new server alone: only a backup of it has them.\n", a.Gone)
		if a.Remade {
			fmt.Fprintln(&b, "What the mailbox has by now stays.")
		}
		fmt.Fprintln(&b, "Nothing is changed on the old server. Mail programs read all folders anew. Nothing was done yet: say --yes.")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
