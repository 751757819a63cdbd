package faults

import (
	"cmp"
	"encoding/base64"
	"net"
	"strings"
)

func (c *conn) quirks() Quirks {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.quirks
}

func (c *conn) capability(*command) error {
	q := c.quirks()
	c.line("* CAPABILITY " + q.caps(c.acct != nil))
	return nil
}

func (c *conn) noop(*command) error { return nil }

func (c *conn) logout(cmd *command) error {
	c.line("* BYE see you")
	c.bye = true
	return nil
}

func (c *conn) login(cmd *command) error {
	user, ok1 := astring(cmd.args)
	pass, ok2 := astring(cmd.args)
	if !ok1 || !ok2 {
		return bad("LOGIN user password")
	}
	return c.enter(user, user, pass)
}

// enter opens the mailbox of as with the credentials of user, who may open any if it is another one.
func (c *conn) enter(as, user, pass string) error {
	if c.acct != nil {
		return bad("you are in already")
	}
	name, err := c.s.check(c.nc, user, pass)
	if err != nil {
		return err
	}
	if as == user {
		as = name
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	a := c.s.accounts[as]
	if a == nil {
		return no("AUTHORIZATIONFAILED", "there is no such mailbox")
	}
	if most := c.s.quirks.MaxConns; most > 0 && a.conns >= most {
		c.line("* BYE [LIMIT] too many connections")
		c.bye = true
		return no("LIMIT", "too many connections")
	}
	a.conns++
	c.acct = a
	if q := &c.s.quirks; q.TellIn {
		c.line("* CAPABILITY " + q.caps(true))
	}
	return nil
}

// check tells whose account a login opens.
func (s *Server) check(nc net.Conn, user, pass string) (name string, err error) {
	s.mu.Lock()
	hook, a := s.hooks.Login, s.accounts[user]
	s.mu.Unlock()
	if hook != nil {
		name, refusal := hook(nc, user, pass)
		if refusal != "" {
			return "", answerError(refusal)
		}
		return name, nil
	}
	if a == nil || a.pass != pass {
		return "", no("AUTHENTICATIONFAILED", "wrong name or password")
	}
	return user, nil
}

func (c *conn) authenticate(cmd *command) error {
	q := c.quirks()
	how := strings.ToUpper(string(cmd.args.Word()))
	if how != "PLAIN" || !q.has("AUTH=PLAIN") {
		return no("CANNOT", "only PLAIN")
	}
	cmd.args.SP()
	answer := string(cmd.args.Word())
	if answer == "" {
		c.line("+ ")
		if err := c.flush(CutNot); err != nil {
			return err
		}
		line, err := c.wire.ReadLine()
		if err != nil {
			return err
		}
		answer = string(line)
	}
	b, err := base64.StdEncoding.DecodeString(answer)
	part := strings.Split(string(b), "\x00")
	if err != nil || len(part) != 3 {
		return bad("that is not PLAIN")
	}
	return c.enter(cmp.Or(part[0], part[1]), part[1], part[2])
}

func (c *conn) id(*command) error {
	c.line(`* ID ("name" "faults" "version" "1")`)
	return nil
}

func (c *conn) enable(cmd *command) error {
	line := "* ENABLED"
	for !cmd.args.End() {
		word := strings.ToUpper(string(cmd.args.Word()))
		cmd.args.SP()
		if q := c.quirks(); word == "CONDSTORE" && q.has("CONDSTORE") {
			c.modseqs = true
			line += " CONDSTORE"
		} else if word == "QRESYNC" && q.has("QRESYNC") {
			c.modseqs, c.resync = true, true
			line += " QRESYNC"
		}
	}
	c.line(line)
	return nil
}

func (c *conn) namespace(*command) error {
	q := c.quirks()
	c.linef("* NAMESPACE ((%s %s)) NIL NIL", quote(q.Prefix), quote(q.sep()))
	return nil
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
