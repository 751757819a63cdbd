package imap

import "context"

// unselectBox is UNSELECT (RFC 3691): the mailbox is left and nothing is expunged.
func (c *conn) unselectBox(_ context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	c.unselect()
	return nil
}
