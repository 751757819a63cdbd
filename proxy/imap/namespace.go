package imap

import (
	"context"

	"crossfade/internal/imapwire"
)

// namespace is RFC 2342: everything is personal and has no prefix.
func (c *conn) namespace(_ context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	b := append(c.scratch[:0], `* NAMESPACE (("" `...)
	b = appendSeparator(b, c.session.Separator())
	c.scratch = append(b, ")) NIL NIL\r\n"...)
	c.bytes(c.scratch)
	return nil
}

// appendSeparator writes a hierarchy separator as LIST does: quoted, or NIL when there is no hierarchy.
func appendSeparator(b []byte, sep string) []byte {
	if sep == "" {
		return append(b, "NIL"...)
	}
	return imapwire.AppendQuoted(b, sep)
}
