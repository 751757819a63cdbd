package faults

func (c *conn) expunge(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.readOnly {
		return no("READ-ONLY", "it was opened to be read")
	}
	var only []span
	if cmd.uid {
		if !c.s.quirks.has("UIDPLUS") {
			return bad("what is UID EXPUNGE?")
		}
		largest := uint32(0)
		if n := len(c.box.msgs); n > 0 {
			largest = c.box.msgs[n-1].UID
		}
		var ok bool
		if only, ok = parseSet(string(cmd.args.Word()), largest); !ok {
			return bad("that is no set of numbers")
		}
	}
	c.box.remove(func(m *message) bool {
		return hasFlag(m.Flags, `\Deleted`) && (!cmd.uid || within(only, m.UID))
	})
	c.s.changed()
	return nil
}
