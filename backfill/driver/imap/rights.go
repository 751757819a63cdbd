package imap

import (
	"context"
	"fmt"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

var _ backfill.Restricted = (*account)(nil)

// Restricted implements backfill.Restricted: MYRIGHTS tells, where the server offers it (RFC 4314 3.5). Folders of other
// people are not asked about: they are not moved.
func (a *account) Restricted(ctx context.Context, write bool) (out []backfill.Leftover, err error) {
	if !a.features.Caps.Has("ACL") {
		return nil, nil
	}
	fs, err := a.Folders(ctx)
	if err != nil {
		return nil, err
	}
	own, _ := a.split(fs)
	err = a.do(ctx, need{op: "MYRIGHTS"}, func(c *conn) error {
		out = nil // it may be tried again
		for _, box := range own {
			rights, told := "", false
			st, err := c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
				if name == "MYRIGHTS" {
					rights, told = parseMyRights(sc)
				}
			}}, "MYRIGHTS", "", box)
			if err != nil {
				return err
			}
			if !told || !st.ok() { // one that went meanwhile, or of which nothing is said
				continue
			}
			if lacks := lacking(rights, write); lacks != "" {
				out = append(out, left(backfill.LeftRights, "%q: this user may not %s (rights %q)", imapwire.DecodeMailbox(box), lacks, rights))
			}
		}
		return nil
	})
	return out, err
}

// parseMyRights reads a MYRIGHTS response (RFC 4314 3.8): the mailbox, then the rights.
func parseMyRights(sc *imapwire.Scanner) (rights string, ok bool) {
	if _, ok := sc.AString(); !ok {
		return "", false
	}
	sc.SP()
	b, ok := sc.AString()
	return fmt.Sprintf("%.64s", strings.ToValidUTF8(string(b), "?")), ok
}

// lacking says what may not be done with a folder that the move does, or a mail program. Servers of before RFC 4314 have "d"
// for deleting and expunging (RFC 2086).
func lacking(rights string, write bool) string {
	var no []string
	for _, r := range []struct {
		any   string
		write bool
		what  string
	}{{"r", false, "read it"}, {"i", true, "add mail"}, {"w", true, "set flags"}, {"s", true, "mark mail as read"}, {"td", true, "delete mail"}, {"ed", true, "expunge"}} {
		if (write || !r.write) && !strings.ContainsAny(rights, r.any) {
			no = append(no, r.what)
		}
	}
	return strings.Join(no, ", ")
}
