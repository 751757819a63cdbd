package faults

import (
	"fmt"
	"slices"
	"strings"
)

// sync tells what others changed in the selected mailbox; the caller holds mu.
func (c *conn) sync(expunges bool) {
	if c.box == nil {
		return
	}
	if c.epoch != c.box.epoch {
		c.renumbered()
		return
	}
	if expunges {
		var vanished []uint32
		for i := 0; i < len(c.view); {
			if !c.view[i].gone {
				i++
				continue
			}
			if vanished = append(vanished, c.view[i].UID); !c.resync {
				c.linef("* %d EXPUNGE", i+1)
			}
			c.view = slices.Delete(c.view, i, i+1)
			c.told--
		}
		if c.resync && len(vanished) > 0 {
			c.line("* VANISHED " + spelled(vanished))
		}
	}
	known := c.next
	c.view = append(c.view, c.box.msgs[firstFrom(c.box.msgs, known):]...)
	c.next = c.box.next
	if len(c.view) != c.told {
		c.linef("* %d EXISTS", len(c.view))
		c.line("* 0 RECENT")
		c.told = len(c.view)
	}
	if c.box.modseq > c.modseq {
		for i, m := range c.view {
			if m.modseq > c.modseq && m.by != c && !m.gone && m.UID < known {
				c.flagsOf(i, m, true)
			}
		}
		c.modseq = c.box.modseq
	}
}

// renumbered tells of new numbers and goes on with them; the caller holds mu.
func (c *conn) renumbered() {
	c.look()
	c.linef("* OK [UIDVALIDITY %d] all is numbered anew", c.s.validity(c.box))
	c.linef("* OK [UIDNEXT %d] comes next", c.box.next)
	c.linef("* %d EXISTS", len(c.view))
}

// firstFrom is the index of the first message with at least this UID.
func firstFrom(msgs []*message, uid uint32) int {
	i, _ := slices.BinarySearchFunc(msgs, uid, func(m *message, u uint32) int {
		switch {
		case m.UID < u:
			return -1
		case m.UID > u:
			return 1
		}
		return 0
	})
	return i
}

// flagsOf tells a message's flags; the caller holds mu.
func (c *conn) flagsOf(i int, m *message, uid bool) {
	line := fmt.Sprintf("* %d FETCH (", i+1)
	if uid {
		line += fmt.Sprintf("UID %d ", m.UID)
	}
	line += "FLAGS (" + strings.Join(m.Flags, " ") + ")"
	if c.modseqs {
		line += fmt.Sprintf(" MODSEQ (%d)", m.modseq)
	}
	c.out = append(c.out, c.spaced(line+")"))
}

// chatter says what nobody asked for; the caller holds mu.
func (c *conn) chatter() {
	q := &c.s.quirks
	if n := len(q.Garbage); n > 0 && c.acct != nil {
		c.line(q.Garbage[c.garbage%n])
		c.garbage++
	}
	if !q.Chatty || c.box == nil {
		return
	}
	c.line("* OK still here")
	c.linef("* %d EXISTS", len(c.view))
	c.line("* 0 RECENT")
	if n := len(c.view); n > 0 {
		c.garbage++
		i := c.garbage % n
		c.flagsOf(i, c.view[i], c.garbage%2 == 0)
	}
}
