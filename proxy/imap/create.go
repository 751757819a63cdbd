package imap

import (
	"context"
	"strings"
)

// create is CREATE (RFC 3501 6.3.3). A separator at the end only says that children will follow.
func (c *conn) create(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	if sep := c.session.Separator(); sep != "" && len(name) > len(sep) {
		name = strings.TrimSuffix(name, sep)
	}
	return c.session.Create(ctx, name)
}
