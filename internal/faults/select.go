package faults

import "strings"

// open is SELECT and EXAMINE.
func (c *conn) open(cmd *command) error {
	_, _ = astring(cmd.args)
	opts := strings.ToUpper(string(cmd.args.Rest()))
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.box, c.view = nil, nil
	b, err := c.find(cmd.Mailbox, "NONEXISTENT")
	if err != nil {
		return err
	}
	q := &c.s.quirks
	c.modseqs = c.modseqs || q.has("CONDSTORE") && strings.Contains(opts, "CONDSTORE")
	c.box, c.readOnly = b, cmd.verb == "EXAMINE"
	c.look()
	c.line(`* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)`)
	c.linef("* %d EXISTS", len(c.view))
	c.line("* 0 RECENT")
	switch {
	case c.readOnly:
		c.line(`* OK [PERMANENTFLAGS ()] none`)
	default:
		more := ""
		if q.RecentFlag {
			more = ` \Recent`
		}
		if !q.NoKeywords {
			more += ` \*`
		}
		c.linef(`* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft%s)] these are kept`, more)
	}
	c.linef("* OK [UIDVALIDITY %d] of this mailbox", c.s.validity(b))
	c.linef("* OK [UIDNEXT %d] comes next", b.next)
	if q.has("CONDSTORE") {
		c.linef("* OK [HIGHESTMODSEQ %d] so far", b.modseq)
	}
	return nil
}

// look takes the mailbox's present state as the view; the caller holds mu.
func (c *conn) look() {
	c.view = append([]*message(nil), c.box.msgs...)
	c.next, c.modseq, c.epoch, c.told = c.box.next, c.box.modseq, c.box.epoch, len(c.view)
}

// close is CLOSE and UNSELECT.
func (c *conn) close(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if cmd.verb == "CLOSE" && !c.readOnly {
		if c.box.remove(func(m *message) bool { return hasFlag(m.Flags, `\Deleted`) }) > 0 {
			c.s.changed()
		}
	}
	c.box, c.view = nil, nil
	return nil
}
