package imap

import "context"

// subscribe is SUBSCRIBE and UNSUBSCRIBE (RFC 3501 6.3.6, 6.3.7).
func (c *conn) subscribe(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	return c.session.Subscribe(ctx, name, cmd.name == "SUBSCRIBE")
}
