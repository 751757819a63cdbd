package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type spliceCmd struct {
	asking
	Account string `required:"" placeholder:"NAME" help:"The account whose users need no old folder names any more."`
	Undo    bool   `help:"They do."`
	JSON    bool   `name:"json" help:"Print how far the account is as one JSON object."`
}

// Run accepts that the old server's folder names end, so that the account's connections may become plain pipes.
func (c *spliceCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	_, err := part(ctx, kctx, io, c.asking, "/splice", url.Values{"account": {c.Account}, "undo": {fmt.Sprint(c.Undo)}}, c.JSON, func(p backfill.Parting) string {
		return spliceText(c.Account, c.Undo, p)
	})
	return err
}

// spliceText says what was done and what it means.
func spliceText(account string, undo bool, p backfill.Parting) string {
	unsettled := 0
	for _, n := range p.Unsettled {
		unsettled += n
	}
	switch {
	case undo:
		return "old folder names are kept for " + account + " as long as they are used"
	case p.Stage == "closed":
		return account + " is closed already"
	case p.Stage == "blended":
		return fmt.Sprintf("%s becomes a plain pipe to the new server when all its folders have settled; %d have not", account, unsettled)
	case p.AliasUsed != nil:
		return fmt.Sprintf("%s is a plain pipe to the new server from the next login on; old folder names end, which were used %d times, last on %s", account, p.AliasUses, p.AliasUsed.UTC().Format("2006-01-02"))
	}
	return account + " is a plain pipe to the new server from the next login on"
}
