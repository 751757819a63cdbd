package imap

import "context"

// noop is NOOP and CHECK (RFC 3501 6.1.2, 6.4.1). With a mailbox selected both servers are looked at, so that a
// client that polls sees new mail.
func (c *conn) noop(ctx context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	if c.view == nil {
		return nil
	}
	if err := c.view.Mailbox().Refresh(ctx); err != nil {
		// NOOP always succeeds (RFC 3501 6.1.2); what is known is told.
		c.log.Debug("refresh failed", "folder", c.view.Mailbox().Name(), "err", err)
	}
	return nil
}
