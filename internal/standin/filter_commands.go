package standin

import (
	"errors"
	"io"
	"slices"
	"strings"

	"crossfade/internal/imapwire"
)

// needed are the commands that belong to a capability.
var needed = map[string]string{"MOVE": "MOVE", "ENABLE": "ENABLE", "GETQUOTA": "QUOTA", "GETQUOTAROOT": "QUOTA", "XLIST": "XLIST", "IDLE": "IDLE"}

var plainVerbs = strings.Fields("CAPABILITY NOOP LOGOUT LOGIN AUTHENTICATE LIST LSUB XLIST STATUS CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE " +
	"SELECT EXAMINE CLOSE CHECK FETCH STORE SEARCH COPY EXPUNGE APPEND UID MOVE ENABLE GETQUOTA GETQUOTAROOT IDLE")

// offered is the list of capabilities now.
func (c *filtered) offered() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in && c.opt.OfferIn != nil {
		return c.opt.OfferIn
	}
	return c.opt.Offer.list()
}

var errHalf = errors.New("half a command was sent on")

// command reads the client's commands until it goes.
func (c *filtered) command() error {
	for {
		text, lit, err := c.cmds.Next()
		if err != nil {
			return err
		}
		line := string(text)
		tag, rest, _ := strings.Cut(line, " ")
		verb, args, _ := strings.Cut(rest, " ")
		verb = strings.ToUpper(verb)
		switch answer := c.refuses(verb, args, lit); {
		case line == "" && lit == nil:
		case !goodTag(tag):
			err = c.refuse("*", "BAD Invalid tag", lit)
		case answer != "":
			err = c.refuse(tag, answer, lit)
		case verb == "CAPABILITY":
			if err = c.settle(); err == nil {
				err = c.say("* CAPABILITY "+strings.Join(c.offered(), " "), tag+" OK done")
			}
		case verb == "XLIST":
			err = c.forward(tag, tag+" LIST "+args, " RETURN (SPECIAL-USE CHILDREN)", verb, lit)
		default:
			err = c.forward(tag, line, "", verb, lit)
		}
		if err != nil {
			return err
		}
	}
}

// goodTag tells whether an answer can be told by its tag (RFC 3501 9).
func goodTag(tag string) bool { return tag != "" && !strings.ContainsAny(tag, "+*(){%\"\\]\x00\r\t") }

// refuses tells how a command is refused; "" if it is not.
func (c *filtered) refuses(verb, args string, lit *imapwire.Literal) string {
	upper := strings.ToUpper(args)
	inner, _, _ := strings.Cut(upper, " ")
	need := needed[verb]
	if verb == "UID" {
		need = needed[inner]
	}
	switch {
	case !slices.Contains(plainVerbs, verb), need != "" && !slices.Contains(c.offered(), need):
		return "BAD Invalid command"
	case verb == "LIST" && (strings.HasPrefix(args, "(") || strings.Contains(upper, " RETURN (")):
		return "BAD Invalid arguments"
	case verb == "AUTHENTICATE" && inner != "PLAIN", verb == "AUTHENTICATE" && !slices.Contains(c.offered(), "AUTH=PLAIN"):
		return "NO not this way"
	}
	return c.refusesLiteral(verb, lit)
}

func (c *filtered) refusesLiteral(verb string, lit *imapwire.Literal) string {
	switch {
	case lit == nil:
	case lit.NonSync:
		return "BAD Invalid literal"
	case verb == "APPEND" && c.opt.MaxSize > 0 && lit.Size > c.opt.MaxSize:
		return "NO the message is too large"
	}
	return ""
}

// refuse answers a command that the server never sees. Of one whose literal is under way already nothing more is read.
func (c *filtered) refuse(tag, answer string, lit *imapwire.Literal) error {
	if err := c.settle(); err != nil {
		return err
	}
	if strings.HasPrefix(answer, "BAD") {
		c.bads++
	}
	most := c.opt.quirks().MaxBad
	if most > 0 && c.bads >= most || lit != nil && lit.NonSync {
		_ = c.say("* BYE too many bad commands", tag+" "+answer)
		return io.EOF
	}
	if lit != nil {
		if err := lit.Refuse(); err != nil {
			return err
		}
	}
	return c.say(tag + " " + answer)
}

// forward sends a command on, its literals as they come. Commands whose answers are changed wait for all others.
func (c *filtered) forward(tag, line, end, verb string, lit *imapwire.Literal) error {
	if verb == "XLIST" || verb == "LOGIN" || verb == "AUTHENTICATE" {
		if err := c.settle(); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.open++
	switch verb {
	case "XLIST":
		c.xlist = tag
	case "LOGIN", "AUTHENTICATE":
		c.login = tag
	}
	c.mu.Unlock()
	first := line
	for {
		if verb == "APPEND" && c.opt.Keywords != KeywordsKept {
			line = withoutKeywords(line)
		}
		if lit == nil {
			_, _ = c.up.WriteString(line + end + "\r\n") // Flush tells
			break
		}
		_, _ = c.up.Write(imapwire.AppendMarker([]byte(line), lit.Size, true, lit.Binary))
		if err := c.say("+ go on"); err != nil {
			return err
		}
		if _, err := io.Copy(c.up, lit); err != nil {
			return err
		}
		text, next, err := c.cmds.Next()
		if err != nil {
			return err
		}
		line, lit = string(text), next
		if answer := c.refusesLiteral(verb, lit); answer != "" { // the server waits for the rest, which never comes
			_ = c.say("* BYE half a command", tag+" "+answer)
			return errHalf
		}
	}
	if err := c.up.Flush(); err != nil {
		return err
	}
	if verb == "IDLE" || verb == "AUTHENTICATE" && len(strings.Fields(first)) == 3 { // the server asks for a line
		answer, err := c.cmds.ReadLine()
		if err != nil {
			return err
		}
		_, _ = c.up.WriteString(string(answer) + "\r\n")
		if err := c.up.Flush(); err != nil {
			return err
		}
	}
	if verb == "XLIST" || verb == "LOGIN" || verb == "AUTHENTICATE" {
		return c.settle()
	}
	return nil
}

// withoutKeywords takes the keywords out of the flag list in a part of an APPEND command.
func withoutKeywords(line string) string {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quoted:
			i++
		case line[i] == '"':
			quoted = !quoted
		case line[i] == '(' && !quoted:
			end := strings.IndexByte(line[i:], ')')
			if end < 0 {
				return line
			}
			var keep []string
			for _, f := range strings.Fields(line[i+1 : i+end]) {
				if strings.HasPrefix(f, `\`) {
					keep = append(keep, f)
				}
			}
			return line[:i+1] + strings.Join(keep, " ") + line[i+end:]
		}
	}
	return line
}
