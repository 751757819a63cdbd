package imap

import "context"

// closeBox is CLOSE (RFC 3501 6.4.2): \Deleted messages are removed without a word, unless the mailbox is open
// for reading only. If they cannot be removed now they stay, marked as they are, and the mailbox is left all
// the same, since clients take it for granted.
func (c *conn) closeBox(ctx context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	box := c.view.Mailbox()
	if !box.ReadOnly() {
		if err := c.removeDeleted(ctx, c.view.UIDs()); err != nil {
			c.log.Warn("CLOSE could not expunge", "folder", box.Name(), "err", err)
		}
	}
	c.unselect()
	return nil
}
