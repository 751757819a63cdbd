package imap

import (
	"errors"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// untagged acts on one untagged response; text is what follows the asterisk.
func (c *conn) untagged(h handler, text []byte, lit *imapwire.Literal) error {
	sc := imapwire.NewScanner(text)
	num, name := head(sc)
	if h.fetch != nil && c.moved() {
		h.fetch = c.drop
	}
	if h.fetch != nil && strings.EqualFold(string(name), "FETCH") && num > 0 {
		err := h.fetch(num, sc.Rest(), lit)
		if err == nil {
			return nil
		}
		if errors.Is(err, errOdd) {
			c.odd++
			c.lost++
			return nil
		}
		if c.broken == nil {
			c.broken = err // the rest of the answers was not read
		}
		return err
	}
	if lit != nil {
		err := c.wire.Collect(&c.frame, text, lit, nil)
		var limit *imapwire.LimitError
		if errors.As(err, &limit) {
			c.odd++
			c.lost++
			return nil
		}
		if err != nil {
			return c.fail(err)
		}
		sc.Reset(c.frame.Raw)
		num, name = head(sc)
	}
	return c.data(h, upper(name), num, sc)
}

// drop passes over a FETCH answer under numbers that are not those asked for.
func (c *conn) drop(_ uint32, text []byte, lit *imapwire.Literal) error {
	a := &answer{c: c, sc: imapwire.NewScanner(text), lit: lit}
	return a.drain()
}

// head passes the optional number and the name of an untagged response.
func head(sc *imapwire.Scanner) (num uint32, name []byte) {
	sc.SP()
	num, _ = sc.Uint32()
	sc.SP()
	name, _ = sc.Atom()
	sc.SP()
	return num, name
}

func (c *conn) data(h handler, name string, num uint32, sc *imapwire.Scanner) error {
	switch name {
	case "OK", "NO", "BAD", "BYE":
		st := c.untaggedStatus(name, sc)
		if name == "BYE" {
			return c.fail(&byeError{st})
		}
		c.statusCode(st)
		if h.code != nil {
			h.code(st)
		}
	case "EXISTS":
		c.news.new = c.news.new || num > c.state.Exists
		c.state.Exists = num
	case "EXPUNGE":
		if num > 0 && num <= c.state.Exists { // else it speaks of no message
			c.expunged(1)
		}
	case "VANISHED":
		c.vanished(h, sc)
	case "FETCH":
		c.news.flags = true
	case "RECENT":
	case "CAPABILITY":
		c.offers(sc)
	default:
		if h.data == nil {
			return nil
		}
		h.data(name, num, sc)
	}
	return nil
}

// untaggedStatus parses a status response whose first word has been passed.
func (c *conn) untaggedStatus(kind string, sc *imapwire.Scanner) status {
	st, _ := parseStatus(imapwire.NewScanner(append([]byte(kind+" "), sc.Rest()...)))
	return st
}

func (c *conn) expunged(n uint32) {
	c.news.gone = true
	c.gone += n
	c.state.Exists -= min(n, c.state.Exists)
}

// statusCode takes what response codes tell about the selected mailbox and the server.
func (c *conn) statusCode(st status) {
	sc := imapwire.NewScanner(st.args)
	switch st.code {
	case "CAPABILITY":
		c.offers(sc)
	case "UIDVALIDITY":
		if n, ok := sc.Uint32(); ok {
			c.state.UIDValidity = n
		}
	case "UIDNEXT":
		if n, ok := sc.Uint32(); ok {
			c.state.UIDNext = n
		}
	case "HIGHESTMODSEQ":
		if n, ok := sc.Number(); ok && c.condstore() { // else CHANGEDSINCE would not be understood
			c.state.HighestModSeq = n
		}
	case "PERMANENTFLAGS":
		if flags, ok := sc.Flags(nil, true); ok {
			c.state.Permanent = mapping.NewFlags(flags...)
			c.state.AnyKeyword = false
			for _, f := range flags {
				c.state.AnyKeyword = c.state.AnyKeyword || f == `\*`
			}
		}
	}
}

// offers takes what the server says that it can.
func (c *conn) offers(sc *imapwire.Scanner) {
	c.capText = string(sc.Rest())
	c.caps = parseCaps(sc)
}

func parseCaps(sc *imapwire.Scanner) goimap.CapSet {
	caps := goimap.CapSet{}
	for sc.SP(); !sc.End(); sc.SP() {
		a, ok := sc.Atom()
		if !ok {
			break
		}
		name := goimap.Cap(upper(a))
		for _, mixed := range []goimap.Cap{goimap.CapIMAP4rev1, goimap.CapIMAP4rev2} { // as they are spelled
			if strings.EqualFold(string(mixed), string(name)) {
				name = mixed
			}
		}
		caps[name] = struct{}{}
	}
	return caps
}
