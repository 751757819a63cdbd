package imap

import (
	"context"
	"slices"
	"strings"
)

// create is CREATE (RFC 3501 6.3.3), also with special uses (RFC 6154 3). A separator at the end only says that children
// will follow.
func (c *conn) create(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	var use []string
	if cmd.args.SP(); cmd.args.Peek() == '(' {
		if use, err = parseUse(cmd); err != nil {
			return err
		}
	}
	if err := cmd.end(); err != nil {
		return err
	}
	if sep := c.session.Separator(); sep != "" && len(name) > len(sep) {
		name = strings.TrimSuffix(name, sep)
	}
	if len(use) > 0 {
		return c.session.CreateUse(ctx, name, use)
	}
	return c.session.Create(ctx, name)
}

// parseUse reads (USE (\Drafts \Sent)). A use that nobody knows is declined (RFC 6154 3), in whatever else it is right.
func parseUse(cmd *command) (use []string, err error) {
	bad := badError("CREATE knows no parameter but USE")
	if !cmd.args.Byte('(') {
		return nil, bad
	}
	if cmd.args.SP(); !cmd.args.Fold("USE") {
		return nil, bad
	}
	if err := cmd.space(); err != nil {
		return nil, err
	}
	list, ok := cmd.args.Flags(nil, false)
	if cmd.args.SP(); !ok || !cmd.args.Byte(')') {
		return nil, bad
	}
	for _, attr := range list {
		i := slices.IndexFunc(specialUse, func(s string) bool { return strings.EqualFold(s, attr) })
		if i < 0 {
			return nil, &noError{"USEATTR", "There is no such special use"}
		}
		use = append(use, specialUse[i])
	}
	return use, nil
}
