package imap

import (
	"context"
	"net"
)

// starttls is RFC 3501 6.2.1. Bytes that came behind the command were sent in the clear, perhaps by somebody
// else: they are thrown away, and encryption is not begun.
func (c *conn) starttls(ctx context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	if c.secure || c.srv.opts.TLS == nil {
		return badError("STARTTLS is not offered now")
	}
	if c.wire.Buffered() > 0 {
		c.tagged(cmd.tag, answer{"BAD", "", "Nothing may be sent behind STARTTLS before it is answered"})
		c.line("* BYE Unencrypted bytes behind STARTTLS")
		c.bye = true
		return errAnswered
	}
	c.tagged(cmd.tag, answer{"OK", "", "Begin TLS negotiation now"})
	err := c.wire.Upgrade(func(net.Conn) (net.Conn, error) {
		nc, err := c.srv.handshake(ctx, c.link.Conn)
		if err != nil {
			return nil, err
		}
		c.link.replace(nc)
		return c.link, nil
	})
	if err != nil {
		return &lostError{err}
	}
	c.secure, c.bad = true, 0 // what happened before is forgotten (RFC 3501 6.2.1)
	return errAnswered
}
