package imap

import (
	"context"
	"slices"
	"strings"
)

// lsub is LSUB (RFC 3501 6.3.9). A name that is not subscribed, but has subscribed ones below it that the
// pattern does not reach, is shown as \Noselect.
func (c *conn) lsub(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	q := &listQuery{subscribedOnly: true, recursive: true}
	if err := c.listPatterns(cmd, q); err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	if q.patterns[0].text == "" {
		c.listEntry("* LSUB ", []string{`\Noselect`}, "", false)
		return nil
	}
	entries, err := c.session.List(ctx)
	if err != nil {
		return err
	}
	c.tellSubscribed(q, newTree(entries, c.session.Separator()))
	aliases, tree, err := c.aliases(ctx, q, entries)
	if err == nil {
		c.tellSubscribed(aliases, tree)
	}
	return err
}

func (c *conn) tellSubscribed(q *listQuery, tree []*branch) {
	for _, b := range tree {
		show, _ := q.wants(b)
		if !show {
			continue
		}
		attrs := []string{`\Noselect`}
		if b.Subscribed { // here \Noselect means: not subscribed
			attrs = slices.DeleteFunc(b.attributes(false, false), func(a string) bool { return strings.EqualFold(a, `\Noselect`) })
		}
		c.listEntryOf("* LSUB ", attrs, b.Name, q.separator(), false)
	}
}
