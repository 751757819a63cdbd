package imap

import (
	"context"
	"strconv"
	"strings"

	"crossfade/mapping"
	"crossfade/proxy"
)

// selectBox is SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2). Whatever comes of it, the mailbox selected before is
// left.
func (c *conn) selectBox(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	c.unselect()
	box, err := c.session.Open(ctx, name, cmd.name == "EXAMINE")
	if err != nil {
		return err
	}
	view := proxy.NewView(box)
	c.describe(view)
	c.show(view)
	cmd.code = "READ-WRITE"
	if box.ReadOnly() {
		cmd.code = "READ-ONLY"
	}
	return nil
}

// describe writes the untagged answers to SELECT.
func (c *conn) describe(view *proxy.View) {
	box := view.Mailbox()
	status := box.Status()
	flags, permanent, anyKeyword := box.Flags()
	c.flags = flags
	exists := view.Len()
	next := status.UIDNext
	if last, ok := view.UID(exists); ok {
		next = max(next, last+1)
	}
	b := appendList(append(c.scratch[:0], "* FLAGS "...), flags, false)
	b = number(append(b, "\r\n* "...), uint64(exists))
	b = append(b, " EXISTS\r\n* "...)
	b = append(number(b, uint64(view.Recent())), " RECENT\r\n"...)
	if n := status.FirstUnseen; n > 0 && n <= exists {
		b = append(number(append(b, "* OK [UNSEEN "...), uint64(n)), "] First unseen message\r\n"...)
	}
	if box.ReadOnly() {
		permanent, anyKeyword = "", false
	}
	b = appendList(append(b, "* OK [PERMANENTFLAGS "...), permanent, anyKeyword)
	b = append(b, "] Flags that can be changed\r\n* OK [UIDVALIDITY "...)
	b = append(number(b, uint64(status.UIDValidity)), "] UIDs valid\r\n* OK [UIDNEXT "...)
	b = append(number(b, uint64(next)), "] Next UID at the earliest\r\n"...)
	c.scratch = b
	c.bytes(b)
}

func number(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }

// appendList writes flags in parentheses, with \* behind them if any is true.
func appendList(b []byte, flags mapping.Flags, any bool) []byte {
	b = append(append(b, '('), flags...)
	if any && len(flags) > 0 {
		b = append(b, ' ')
	}
	if any {
		b = append(b, `\*`...)
	}
	return append(b, ')')
}

// maxName is the longest mailbox name taken from a client, in bytes.
const maxName = 1000

// mailbox reads a blank and a mailbox name. Names are taken as they are, whatever their encoding.
func (cmd *command) mailbox() (string, error) {
	if err := cmd.space(); err != nil {
		return "", err
	}
	raw, ok := cmd.args.AString()
	if !ok {
		return "", badError(cmd.label() + " needs the name of a mailbox")
	}
	return checkName(raw)
}

// checkName refuses names that no mailbox can have.
func checkName(raw []byte) (string, error) {
	name := string(raw)
	switch {
	case name == "" || strings.ContainsAny(name, "\r\n\x00"):
		return "", &noError{"CANNOT", "No mailbox can have this name"}
	case len(name) > maxName:
		return "", &noError{"LIMIT", "The name is too long"}
	}
	return name, nil
}
