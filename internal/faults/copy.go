package faults

import (
	"fmt"
	"strconv"
	"strings"
)

// copy is COPY and MOVE.
func (c *conn) copy(cmd *command) error {
	set := string(cmd.args.Word())
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if cmd.verb == "MOVE" && c.readOnly {
		return no("READ-ONLY", "it was opened to be read")
	}
	which, err := c.picked(set, cmd.uid)
	if err != nil {
		return err
	}
	to, err := c.find(cmd.Mailbox, "TRYCREATE")
	if err != nil {
		return err
	}
	if len(which) == 0 {
		return nil
	}
	var from, copies []string
	moved := map[*message]bool{}
	for _, i := range which {
		m := c.view[i]
		n := m.Message
		n.UID = 0
		from = append(from, strconv.Itoa(int(m.UID)))
		copies = append(copies, strconv.Itoa(int(c.s.add(to, n).UID)))
		moved[m] = true
	}
	code := ""
	if c.s.quirks.has("UIDPLUS") {
		code = fmt.Sprintf("COPYUID %d %s %s", c.s.validity(to), strings.Join(from, ","), strings.Join(copies, ","))
	}
	if cmd.verb == "MOVE" {
		if code != "" {
			c.line("* OK [" + code + "] on their way")
		}
		c.box.remove(func(m *message) bool { return moved[m] })
	}
	c.s.changed()
	if code != "" && cmd.verb == "COPY" {
		return okWith(code)
	}
	return nil
}

// okWith answers OK with a response code.
func okWith(code string) error { return answerError("OK [" + code + "] done") }
