package imap

import "context"

// move is MOVE and UID MOVE (RFC 6851). COPYUID comes untagged before the messages go; also when only a part of
// them could be moved.
func (c *conn) move(ctx context.Context, cmd *command) error {
	uids, to, err := c.transfer(cmd)
	if err != nil {
		return err
	}
	box := c.view.Mailbox()
	if box.ReadOnly() {
		return errReadOnly
	}
	if len(uids) == 0 {
		return nil
	}
	res, err := box.Move(ctx, uids, to)
	if code := copyUID(&res); code != "" {
		c.line("* OK [" + code + "] Moved")
	}
	return err
}
