package imap

import "context"

// logout is RFC 3501 6.1.3.
func (c *conn) logout(_ context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	c.unselect()
	c.line("* BYE Good-bye")
	c.bye = true
	return nil
}
