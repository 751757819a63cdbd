package imap

import "context"

// delete is DELETE (RFC 3501 6.3.4).
func (c *conn) delete(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	return c.session.Delete(ctx, name)
}
