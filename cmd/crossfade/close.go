package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type closeCmd struct {
	asking
	Account string `required:"" placeholder:"NAME" help:"The account whose old mailbox is watched no more. All of its folders must have settled."`
	Yes     bool   `help:"Although mail arrived there within 14 days, or although the old server cannot be asked."`
	JSON    bool   `name:"json" help:"Print one JSON object."`
}

// Run ends the watch of an account's source, for good. Exit code 1 if something stands in the way.
func (c *closeCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	got, err := part(ctx, kctx, io, c.asking, "/close", url.Values{"account": {c.Account}, "yes": {fmt.Sprint(c.Yes)}}, c.JSON, closeText)
	if err == nil && got.Closed == nil {
		return errTold
	}
	return err
}

// closeText says what was done, or what stands in the way.
func closeText(c backfill.Closing) string {
	if c.Closed != nil {
		return fmt.Sprintf("%s is closed: its old mailbox is asked no more, its password and what is known of deleted mail are erased", c.Account)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not closed:\n", c.Account)
	for _, why := range c.Why {
		fmt.Fprintf(&b, "  %s\n", oneLine(why))
	}
	for _, unless := range c.Unless {
		fmt.Fprintf(&b, "  %s (--yes closes it all the same)\n", oneLine(unless))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
