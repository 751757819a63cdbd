package faults

import (
	"slices"
	"strings"
)

func (c *conn) store(cmd *command) error {
	set := string(cmd.args.Word())
	cmd.args.SP()
	item := strings.ToUpper(string(cmd.args.Word()))
	cmd.args.SP()
	flags, ok := cmd.args.Flags(nil, true)
	how, silent := strings.CutSuffix(item, ".SILENT")
	if !ok && cmd.args.Peek() != '(' || !slices.Contains([]string{"FLAGS", "+FLAGS", "-FLAGS"}, how) {
		return bad("STORE set FLAGS (flags)")
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.readOnly {
		return no("READ-ONLY", "it was opened to be read")
	}
	which, err := c.picked(set, cmd.uid)
	if err != nil {
		return err
	}
	flags = c.holdable(flags, `\`)
	for _, i := range which {
		m := c.view[i]
		old := m.Flags
		switch how {
		case "FLAGS":
			m.Flags = canonicalFlags(flags)
		case "+FLAGS":
			m.Flags = canonicalFlags(append(slices.Clone(old), flags...))
		case "-FLAGS":
			m.Flags = canonicalFlags(slices.DeleteFunc(slices.Clone(old), func(f string) bool { return hasFlag(flags, f) }))
		}
		if !slices.Equal(old, m.Flags) {
			c.box.modseq++
			m.modseq, m.by = c.box.modseq, c
		}
		if !silent {
			c.flagsOf(i, m, cmd.uid)
		}
	}
	c.s.changed()
	return nil
}

// holdable drops flags that this server does not keep; the caller holds mu. Flags that start with always are kept.
func (c *conn) holdable(flags []string, always string) []string {
	return slices.DeleteFunc(slices.Clone(flags), func(f string) bool {
		return !strings.HasPrefix(f, always) && !c.s.quirks.keeps(f)
	})
}
