package faults

import "strings"

func (c *conn) create(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	name := strings.TrimSuffix(cmd.Mailbox, c.s.quirks.sep())
	if err := c.mayBe(name); err != nil {
		return err
	}
	c.acct.create(name, "")
	delete(c.acct.subscribed, name)
	return nil
}

// mayBe checks the name of a mailbox to come; the caller holds mu.
func (c *conn) mayBe(name string) error {
	b := c.acct.boxes[canonicalName(name)]
	switch {
	case b != nil && !b.noselect:
		return no("ALREADYEXISTS", "it is there already")
	case name == "" || !strings.HasPrefix(name, c.s.quirks.Prefix):
		return no("CANNOT", "names start with "+c.s.quirks.Prefix)
	}
	return nil
}

func (c *conn) delete(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b, err := c.find(cmd.Mailbox, "NONEXISTENT")
	if err != nil {
		return err
	}
	if b.name == "INBOX" {
		return no("CANNOT", "INBOX stays")
	}
	if b.use != "" && c.s.quirks.KeepDefaults {
		return no("CANNOT", "it is a default folder")
	}
	c.acct.drop(b.name)
	return nil
}

// drop removes a mailbox; one that has children stays as a name. The caller holds mu.
func (a *Account) drop(name string) {
	b := a.boxes[name]
	if b == nil {
		return
	}
	b.remove(func(*message) bool { return true })
	delete(a.boxes, name)
	for other := range a.boxes {
		if strings.HasPrefix(other, name+a.s.quirks.sep()) {
			a.boxes[name] = &mailbox{name: name, noselect: true}
			return
		}
	}
}

func (c *conn) rename(cmd *command) error {
	_, _ = astring(cmd.args)
	to, ok := astring(cmd.args)
	if !ok {
		return bad("RENAME old new")
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	b, err := c.find(cmd.Mailbox, "NONEXISTENT")
	if err != nil {
		return err
	}
	to = c.s.quirks.own(to)
	if err := c.mayBe(to); err != nil {
		return err
	}
	if b.use != "" && c.s.quirks.KeepDefaults {
		return no("CANNOT", "it is a default folder")
	}
	if b.name == "INBOX" { // its mail moves, itself stays (RFC 3501 6.3.5)
		n := c.acct.create(to, "")
		for _, m := range b.msgs {
			c.s.add(n, m.Message)
		}
		b.remove(func(*message) bool { return true })
		return nil
	}
	c.acct.rename(b.name, to)
	return nil
}

// rename renames a mailbox and its children; the caller holds mu.
func (a *Account) rename(from, to string) {
	sep := a.s.quirks.sep()
	for name, b := range a.boxes {
		if name != from && !strings.HasPrefix(name, from+sep) {
			continue
		}
		delete(a.boxes, name)
		b.name = to + strings.TrimPrefix(name, from)
		a.boxes[b.name] = b
	}
	if a.subscribed[from] {
		delete(a.subscribed, from)
		a.subscribed[to] = true
	}
}

func (c *conn) subscribe(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if name := canonicalName(cmd.Mailbox); cmd.verb == "SUBSCRIBE" {
		c.acct.subscribed[name] = true
	} else {
		delete(c.acct.subscribed, name)
	}
	return nil
}
