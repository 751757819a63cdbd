package imap

import (
	"context"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// Create implements backfill.Writer.
func (a *account) Create(ctx context.Context, box string) error {
	return a.change(ctx, "CREATE", true, box)
}

// CreateUse implements backfill.UseCreator (RFC 6154 3).
func (a *account) CreateUse(ctx context.Context, box string, use []string) error {
	for _, attr := range use {
		if !strings.HasPrefix(attr, `\`) || !imapwire.IsAtom(attr[1:]) {
			return &backfill.Error{Op: "CREATE", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Never, Code: "USEATTR", Text: "bad special use"}
		}
	}
	return a.changeWith(ctx, "CREATE", " (USE ("+strings.Join(use, " ")+"))", true, box)
}

// Delete implements backfill.Writer.
func (a *account) Delete(ctx context.Context, box string) error {
	return a.change(ctx, "DELETE", true, box)
}

// Rename implements backfill.Writer.
func (a *account) Rename(ctx context.Context, box, to string) error {
	return a.change(ctx, "RENAME", true, box, to)
}

// Subscribe implements backfill.Writer.
func (a *account) Subscribe(ctx context.Context, box string, on bool) error {
	if on {
		return a.change(ctx, "SUBSCRIBE", false, box)
	}
	return a.change(ctx, "UNSUBSCRIBE", false, box)
}

// change sends a command about mailboxes. The server's code stays in the error: ALREADYEXISTS, NONEXISTENT.
func (a *account) change(ctx context.Context, verb string, once bool, names ...string) error {
	return a.changeWith(ctx, verb, "", once, names...)
}

func (a *account) changeWith(ctx context.Context, verb, tail string, once bool, names ...string) error {
	return a.do(ctx, need{op: verb, once: once}, func(c *conn) error {
		if verb == "DELETE" || verb == "RENAME" {
			if err := a.leave(ctx, c, names[0]); err != nil {
				return err
			}
			defer a.hangUp() // those that were opened meanwhile
		}
		st, err := c.commandArgs(handler{}, verb, tail, names...)
		if err != nil {
			return err
		}
		if !st.ok() {
			e := c.refused(verb, st, backfill.FolderScope)
			if e.Code == "" && verb == "CREATE" && strings.Contains(strings.ToLower(e.Text), "exists") {
				e.Code, e.Patience, e.Err = "ALREADYEXISTS", backfill.Never, nil // servers before RFC 5530
			}
			return e
		}
		return nil
	})
}

// hangUp closes the account's other connections, now or when their work is done.
func (a *account) hangUp() {
	for _, o := range a.d.pool.leave(a) {
		o.logout()
	}
}

// leave sees that no other connection of ours has the mailbox open, or had it. One that goes on waiting in IDLE in a mailbox
// that is gone has a Dovecot take the next of that name for deleted, too.
func (a *account) leave(ctx context.Context, c *conn, box string) error {
	a.hangUp()
	a.endIdle(ctx, box)
	if !strings.HasPrefix(c.box, box) || c.box == "" {
		return nil
	}
	if c.caps.Has(goimap.CapUnselect) || c.caps.Has(goimap.CapIMAP4rev2) {
		c.selected, c.box = false, ""
		return c.must("UNSELECT")
	}
	return c.selectBox("INBOX", false)
}
