package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"crossfade/internal/imapwire"
)

func (c *conn) list(cmd *command) error  { return c.listAs(cmd, "LIST") }
func (c *conn) lsub(cmd *command) error  { return c.listAs(cmd, "LSUB") }
func (c *conn) xlist(cmd *command) error { return c.listAs(cmd, "XLIST") }

func (c *conn) listAs(cmd *command, how string) error {
	ref, ok1 := astring(cmd.args)
	pattern, ok2 := astring(cmd.args)
	if !ok1 || !ok2 {
		return bad(how + " reference pattern")
	}
	opts := strings.ToUpper(string(cmd.args.Rest()))
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	q := &c.s.quirks
	if opts != "" && q.Offers != nil && !q.has("LIST-EXTENDED") {
		return bad("what is " + opts + "?")
	}
	var items []string // RETURN (... STATUS (...)), RFC 5819
	if _, list, ok := strings.Cut(opts, "STATUS ("); ok && how == "LIST" {
		if !q.has("LIST-STATUS") {
			return bad("no LIST-STATUS here")
		}
		items = statusItems(imapwire.NewScanner([]byte("(" + list)))
	}
	if pattern == "" {
		c.out = append(c.out, c.spaced(fmt.Sprintf(`* %s (\Noselect) %s ""`, how, quote(q.sep()))))
		return nil
	}
	names := slices.Sorted(maps.Keys(c.acct.boxes))
	if how == "LSUB" {
		names = slices.Sorted(maps.Keys(c.acct.subscribed))
	}
	if above, _, ok := strings.Cut(ref+pattern, q.sep()); ok && q.InboxOfAll && how == "LIST" && !strings.ContainsAny(above, "*%") {
		ref, pattern = "INBOX"+q.sep(), "%"
	}
	n := 0
	for _, name := range names {
		if !matches(ref+pattern, name, q.sep()) {
			continue
		}
		if q.HideBox != nil && q.HideBox(name) {
			continue
		}
		if n++; q.ShortList > 0 && n > q.ShortList && how != "LSUB" || c.short > 0 && n > c.short {
			break
		}
		c.out = append(c.out, c.spaced(fmt.Sprintf("* %s (%s) %s %s", how, c.attrs(name, how, opts), quote(q.sep()), quote(q.spelt(name)))))
		if b := c.acct.boxes[name]; b != nil && !b.noselect && items != nil {
			c.tellStatus(b, items)
		}
	}
	return nil
}

// spelt is a mailbox's name as LIST spells it.
func (q *Quirks) spelt(name string) string {
	rest, ok := strings.CutPrefix(name, "INBOX")
	if ok && q.InboxName != "" && (rest == "" || strings.HasPrefix(rest, q.sep())) {
		return q.InboxName + rest
	}
	return name
}

// own is the name by which the server knows what LIST spells otherwise.
func (q *Quirks) own(name string) string {
	if rest, ok := strings.CutPrefix(name, q.InboxName); ok && q.InboxName != "" && strings.HasPrefix(rest, q.sep()) {
		return "INBOX" + rest
	}
	return name
}

// attrs are a mailbox's attributes; the caller holds mu.
func (c *conn) attrs(name, how, opts string) string {
	q := &c.s.quirks
	var out []string
	b := c.acct.boxes[name]
	if b == nil || b.noselect {
		out = append(out, `\Noselect`)
	}
	children := false
	for other := range c.acct.boxes {
		children = children || strings.HasPrefix(other, name+q.sep())
	}
	if q.has("CHILDREN") {
		out = append(out, map[bool]string{true: `\HasChildren`, false: `\HasNoChildren`}[children])
	}
	if b != nil && b.use != "" && b.use != Untold && (how == "XLIST" || how == "LIST" && q.has("SPECIAL-USE")) {
		out = append(out, b.use)
	}
	if how == "XLIST" && name == "INBOX" {
		out = append(out, `\Inbox`)
	}
	if strings.Contains(opts, "SUBSCRIBED") && c.acct.subscribed[name] {
		out = append(out, `\Subscribed`)
	}
	return strings.Join(out, " ")
}

// spaced ends a line and doubles its spaces where the quirk says so; the caller holds mu.
func (c *conn) spaced(line string) []byte {
	if c.s.quirks.DoubleSpaces {
		line = doubled(line)
	}
	return []byte(line + "\r\n")
}

// doubled doubles the spaces outside quoted strings.
func doubled(line string) string {
	parts := strings.Split(line, `"`) // no test has a name with a quote
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], " ", "  ")
	}
	return strings.Join(parts, `"`)
}

// matches is LIST's * and %.
func matches(pattern, name, sep string) bool {
	if strings.EqualFold(pattern, "INBOX") {
		pattern = "INBOX"
	}
	for pattern != "" {
		switch pattern[0] {
		case '*', '%':
			for i := 0; i <= len(name); i++ {
				if matches(pattern[1:], name[i:], sep) {
					return true
				}
				if pattern[0] == '%' && strings.HasPrefix(name[i:], sep) {
					return false
				}
			}
			return false
		}
		if name == "" || name[0] != pattern[0] {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}

func (c *conn) status(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b, err := c.find(cmd.Mailbox, "NONEXISTENT")
	if err != nil {
		return err
	}
	_, _ = astring(cmd.args)
	c.tellStatus(b, statusItems(cmd.args))
	return nil
}

// statusItems reads a list of items, in upper case.
func statusItems(sc *imapwire.Scanner) (items []string) {
	sc.List(func() bool {
		item, ok := sc.Atom()
		items = append(items, strings.ToUpper(string(item)))
		return ok
	})
	return items
}

// tellStatus adds a STATUS answer; the caller holds mu.
func (c *conn) tellStatus(b *mailbox, items []string) {
	var out []string
	for _, name := range items {
		switch name {
		case "MESSAGES":
			out = append(out, fmt.Sprintf("%s %d", name, len(b.msgs)))
		case "RECENT":
			out = append(out, name+" 0")
		case "UIDNEXT":
			out = append(out, fmt.Sprintf("%s %d", name, b.next))
		case "UIDVALIDITY":
			out = append(out, fmt.Sprintf("%s %d", name, c.s.validity(b)))
		case "UNSEEN":
			n := 0
			for _, m := range b.msgs {
				if !hasFlag(m.Flags, `\Seen`) {
					n++
				}
			}
			out = append(out, fmt.Sprintf("%s %d", name, n))
		case "HIGHESTMODSEQ":
			if c.s.quirks.has("CONDSTORE") {
				out = append(out, fmt.Sprintf("%s %d", name, b.modseq))
			}
		}
	}
	line := strings.Join(out, " ")
	if c.s.quirks.StaleStatus {
		if b.stale == "" {
			b.stale = line
		}
		line = b.stale
	}
	c.out = append(c.out, c.spaced(fmt.Sprintf("* STATUS %s (%s)", quote(b.name), line)))
}

// find finds a mailbox that can be opened; the caller holds mu.
func (c *conn) find(name, code string) (*mailbox, error) {
	b := c.acct.boxes[canonicalName(name)]
	if b == nil || b.noselect {
		return nil, no(code, "there is no such mailbox")
	}
	return b, nil
}
