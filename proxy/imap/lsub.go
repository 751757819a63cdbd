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
	for _, b := range newTree(entries, c.session.Separator()) {
		show, _ := q.wants(b)
		if !show {
			continue
		}
		attrs := []string{`\Noselect`}
		if b.Subscribed { // here \Noselect means: not subscribed
			attrs = slices.DeleteFunc(b.attributes(false, false), func(a string) bool { return strings.EqualFold(a, `\Noselect`) })
		}
		c.listEntry("* LSUB ", attrs, b.Name, false)
	}
	return nil
}
