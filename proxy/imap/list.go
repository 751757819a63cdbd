package imap

import (
	"context"
	"slices"
)

// list is LIST (RFC 3501 6.3.8) with its extensions: selection and return options, several patterns (RFC 5258),
// STATUS (RFC 5819) and special uses (RFC 6154).
func (c *conn) list(ctx context.Context, cmd *command) error {
	q, err := c.parseList(cmd)
	if err != nil {
		return err
	}
	if !q.extended && q.patterns[0].text == "" {
		c.listEntry("* LIST ", []string{`\Noselect`}, "", false)
		return nil
	}
	entries, err := c.session.List(ctx)
	if err != nil {
		return err
	}
	tell := func(q *listQuery, tree []*branch) error {
		for _, b := range tree {
			show, info := q.wants(b)
			if !show {
				continue
			}
			c.listEntryOf("* LIST ", b.attributes(q.extended, q.subscribed || q.subscribedOnly), b.Name, q.separator(), info)
			if len(q.status) == 0 || !b.selectable() {
				continue
			}
			if err := c.listStatus(ctx, b.Name, q.status); err != nil {
				return err
			}
		}
		return nil
	}
	if err := tell(q, newTree(entries, c.session.Separator())); err != nil {
		return err
	}
	aliases, tree, err := c.aliases(ctx, q, entries)
	if err != nil || len(tree) == 0 {
		return err
	}
	return tell(aliases, tree)
}

// listStatus adds the STATUS of one mailbox. One that cannot be told is left out and the LIST still succeeds
// (RFC 5819 2).
func (c *conn) listStatus(ctx context.Context, name string, items []string) error {
	st, err := c.session.Status(ctx, name, slices.Contains(items, "SIZE"))
	if err != nil {
		c.log.Debug("no STATUS for LIST", "folder", name, "err", err)
		return ctx.Err()
	}
	return c.writeStatus(name, items, &st)
}

// listEntry writes one LIST or LSUB response. info adds that subscribed mailboxes are below (RFC 5258 4).
func (c *conn) listEntry(start string, attrs []string, name string, info bool) {
	c.listEntryOf(start, attrs, name, c.session.Separator(), info)
}

// listEntryOf is listEntry for a name of another spelling.
func (c *conn) listEntryOf(start string, attrs []string, name, sep string, info bool) {
	b := append(append(c.scratch[:0], start...), '(')
	for _, a := range attrs {
		b = append(appendBlank(b), a...)
	}
	b = append(appendSeparator(append(b, ") "...), sep), ' ')
	c.scratch = b
	c.bytes(b)
	_ = c.wire.AString(name) // an error sticks to the writer
	if info {
		_, _ = c.wire.WriteString(` ("CHILDINFO" ("SUBSCRIBED"))`)
	}
	c.wire.CRLF()
}

// listQuery is what a LIST asks for.
type listQuery struct {
	reference string
	patterns  []pattern // with the reference before them
	extended  bool      // it uses RFC 5258 in some way
	// selection options
	subscribedOnly, specialOnly, recursive bool
	// return options
	subscribed bool
	status     []string
}

// wants tells whether a mailbox is shown, and whether with the note that subscribed mailboxes are below it.
// Such a note shows a mailbox that was not selected itself only if one of those is not shown on its own.
func (q *listQuery) wants(b *branch) (show, info bool) {
	if !q.matches(b.Name) || q.specialOnly && !b.special() {
		return false, false
	}
	switch {
	case q.subscribedOnly && b.Subscribed:
		return true, q.recursive && len(b.subscribed) > 0
	case q.subscribedOnly:
		info = q.recursive && slices.ContainsFunc(b.subscribed, func(name string) bool { return !q.matches(name) })
		return info, info
	case q.specialOnly:
		return true, false
	}
	return !b.NonExistent || b.children, false
}

func (q *listQuery) matches(name string) bool {
	for _, p := range q.patterns {
		if p.matches(name) {
			return true
		}
	}
	return false
}
