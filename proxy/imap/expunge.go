package imap

import "context"

// expunge is EXPUNGE (RFC 3501 6.4.3) and UID EXPUNGE (RFC 4315 2.1). The messages that go are told by the news
// behind the command.
func (c *conn) expunge(ctx context.Context, cmd *command) error {
	uids := c.view.UIDs()
	if cmd.uid {
		var err error
		if uids, err = c.messages(cmd); err != nil {
			return err
		}
	}
	if err := cmd.end(); err != nil {
		return err
	}
	if c.view.Mailbox().ReadOnly() {
		return errReadOnly
	}
	return c.removeDeleted(ctx, uids)
}

// removeDeleted expunges those of the messages that are marked \Deleted now.
func (c *conn) removeDeleted(ctx context.Context, uids []uint32) error {
	box := c.view.Mailbox()
	var gone []uint32
	for part := range chunks(uids) {
		for _, item := range box.Items(part) {
			if item.Flags.Has(`\Deleted`) {
				gone = append(gone, item.UID)
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return box.Expunge(ctx, gone)
}
