package imap

import (
	"strings"

	"crossfade/internal/imapwire"
)

// Courier gives a mailbox a lasting UIDVALIDITY and its new mail lasting UIDs only in SELECT: under EXAMINE it
// makes up another one each time, until somebody selects the mailbox. So SELECT stands in for EXAMINE there.
// Nothing else is changed by it: bodies are read with PEEK, and \Recent, which SELECT takes away, is never shown.

// isCourier tells by the greeting.
func isCourier(greeting string) bool { return strings.Contains(greeting, "Courier-IMAP") }

// askUIDNext asks with STATUS for what SELECT should have told (RFC 3501 6.3.1); Courier leaves it out. A server
// that does not tell it at all keeps 0.
func (c *conn) askUIDNext(box string) error {
	h := handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
		if name == "STATUS" {
			if _, items := statusItems(sc); items["UIDNEXT"] > 0 {
				c.state.UIDNext = u32(items["UIDNEXT"])
			}
		}
	}}
	_, err := c.commandArgs(h, "STATUS", " (UIDNEXT)", box)
	return err
}
