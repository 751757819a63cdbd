package imap

import "context"

// blended are the extensions offered after login while an account is blended: RFC 7888, 2177, 2342, 4315, 6851,
// 3691, 5161, 4731, 5258, 5819, 6154, 3348, 8438, 2971, 3502, 5182, 6154, 2087, 3516, 5256, 5957, 5267.
const blended = "IMAP4rev1 LITERAL+ IDLE NAMESPACE UIDPLUS MOVE UNSELECT ENABLE ESEARCH LIST-EXTENDED LIST-STATUS " +
	"SPECIAL-USE CHILDREN STATUS=SIZE ID MULTIAPPEND SEARCHRES CREATE-SPECIAL-USE QUOTA BINARY " +
	"SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES"

// capabilities are what may be used in the connection's present state.
func (c *conn) capabilities() string {
	if c.session != nil {
		return blended
	}
	list := "IMAP4rev1 SASL-IR ID"
	if !c.secure && c.srv.opts.TLS != nil {
		list += " STARTTLS"
	}
	if c.mayLogin() {
		return list + " AUTH=PLAIN AUTH=LOGIN"
	}
	return list + " LOGINDISABLED"
}

// capability is RFC 3501 6.1.1.
func (c *conn) capability(_ context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	c.line("* CAPABILITY " + c.capabilities())
	return nil
}
