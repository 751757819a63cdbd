package imap

import "context"

// rename is RENAME (RFC 3501 6.3.5).
func (c *conn) rename(ctx context.Context, cmd *command) error {
	from, err := cmd.mailbox()
	if err != nil {
		return err
	}
	to, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	return c.session.Rename(ctx, from, to)
}
