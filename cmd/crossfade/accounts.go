package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

// accountsCmd is about who has an account.
type accountsCmd struct {
	List  accountsListCmd `cmd:"" default:"withargs" help:"Who is enrolled, when they came last, what each needs, and who never came."`
	Enrol enrolCmd        `cmd:"" help:"Enrol users who never log in, with the passwords of --users or a master user."`
	Again againCmd        `cmd:"" help:"Begin an account anew whose mailbox is gone from the new server: tells what that means for its mail, and does it with --yes."`
}

type accountsListCmd struct {
	asking
	Missing bool `help:"Only those who never came."`
	JSON    bool `name:"json" help:"Print one JSON object a line: accounts, then the counts."`
}

// Run lists the accounts of a running proxy.
func (c *accountsListCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	resp, err := ask(ctx, state, "GET", "/accounts")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	t := newAccountsTable(io.out)
	enc := json.NewEncoder(io.out)
	end, raw, err := readLines[backfill.ListedAccount, accountsEnd](resp.Body, io.out, false, func(raw json.RawMessage, a backfill.ListedAccount) {
		switch {
		case c.Missing && !a.NeverCame():
		case c.JSON:
			if t.err == nil {
				t.err = enc.Encode(raw)
			}
		default:
			t.account(a)
		}
	})
	switch {
	case err != nil:
		return err
	case end.Error != "":
		return errors.New(end.Error)
	case c.JSON && t.err == nil:
		return enc.Encode(raw)
	case !c.JSON:
		t.end(end)
	}
	return t.err
}

type enrolCmd struct {
	asking
	Logins []string `arg:"" optional:"" name:"login" help:"Whom (default: all of serve's --users)."`
	JSON   bool     `name:"json" help:"Print one JSON object a line."`
}

// Run has a running proxy enrol users. Exit code 0 only if all are enrolled.
func (c *enrolCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	resp, err := stream(ctx, state, "/enrol", enrolOrder{c.Logins})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	t := newAccountsTable(io.out)
	end, _, err := readLines[backfill.Enrolled, enrolEnd](resp.Body, io.out, c.JSON, func(_ json.RawMessage, r backfill.Enrolled) {
		if !c.JSON {
			t.enrolled(r)
		}
	})
	switch {
	case err != nil:
		return err
	case end.Error != "":
		return errors.New(end.Error)
	case t.err != nil:
		return t.err
	case !end.OK:
		return errTold
	}
	return nil
}
