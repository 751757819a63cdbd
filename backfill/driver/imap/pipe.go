package imap

import (
	"context"
	"errors"
	"strings"

	"crossfade/backfill"
	"crossfade/backfill/pace"
	"crossfade/internal/imapwire"
)

var _ backfill.Piper = (*Driver)(nil)

// errPreauth is a server that takes everybody for somebody: it proves no password.
var errPreauth = errors.New("the server asks for no password (PREAUTH)")

// Pipe implements backfill.Piper. The connection is a client's, so the pool does not count it, and the limits that were
// set for ours do not hold for it; what the server says of its own state counts for both.
func (d *Driver) Pipe(ctx context.Context, user, secret string) (*backfill.Pipe, error) {
	a := &account{d: d, user: user, secret: secret}
	defer d.pace.Client()()
	if err := d.pace.Knock(ctx, false); err != nil {
		return nil, a.explain("login", err)
	}
	c, err := a.connect(ctx, func(ctx context.Context, c *conn) error {
		preauth, err := a.admit(ctx, c)
		if err == nil && preauth {
			return a.unreachable("login", errPreauth)
		}
		return err
	})
	if n, said := noteOf(err); err == nil || said && n == pace.Crowded { // too many clients are no fault of ours
		d.pace.Knocked(pace.Well, nil)
	} else if said {
		d.pace.Knocked(n, err)
	}
	if err != nil {
		return nil, a.explain("login", err)
	}
	p := &backfill.Pipe{Caps: c.capWords()}
	if p.Conn, p.Ahead, err = c.wire.Hijack(); err != nil {
		c.close()
		return nil, a.unreachable("login", err)
	}
	return p, nil
}

// capWords are the capabilities as the server told them, without what fits into no response code.
func (c *conn) capWords() []string {
	var out []string
	for _, w := range strings.Fields(c.capText) {
		if imapwire.IsAtom(w) && !strings.ContainsAny(w, "[]") {
			out = append(out, w)
		}
	}
	if len(c.caps) == 0 || len(out) == 0 {
		return []string{"IMAP4rev1"} // it did not tell
	}
	return out
}
