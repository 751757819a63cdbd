package managesieve

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Options say where the scripts are and whose they are.
type Options struct {
	Addr         string // host:port; the port is 4190 (RFC 5804 1.8)
	TLS          *tls.Config
	Plain        bool // the password may travel without TLS
	User, Secret string
	As           string        // SASL authorization identity (RFC 4616); "": User's own
	Timeout      time.Duration // of the whole; 0: 20 s
}

// Script is one of a user's scripts.
type Script struct {
	Name   string
	Active bool   // it is the one that is at work
	Text   string // "" if it was not read: see Whole
	Whole  bool   // Text is all of it
}

// Bounds of what is kept. A script is a few kilobytes long.
const (
	maxScripts = 50
	maxScript  = 256 << 10
)

// Errors of Read.
var (
	ErrNone    = errors.New("no ManageSieve answers")             // there is no such service, or it cannot be reached
	ErrRefused = errors.New("ManageSieve refuses the password")   // or the user may not use it
	ErrPlain   = errors.New("ManageSieve offers no TLS")          // and Plain was not said
	ErrNoSASL  = errors.New("ManageSieve offers no SASL PLAIN")   // the only way in that is spoken here
	errWire    = errors.New("what answers is not ManageSieve")    // or it breaks the protocol
	errNo      = errors.New("ManageSieve declined the question")  // NO
	errBye     = errors.New("ManageSieve has ended the dialogue") // BYE
)

// Read lists a user's scripts and reads the one that is active, and the others up to a bound.
func Read(ctx context.Context, o Options) ([]Script, error) {
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	defer func() { _ = nc.Close() }() // everything was read
	defer context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })()
	c := newWire(nc)
	greeting, err := c.answer()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	if c, greeting, err = secure(ctx, c, nc, greeting, o); err != nil {
		return nil, err
	}
	if err := login(c, greeting, o); err != nil {
		return nil, err
	}
	scripts, err := list(c)
	if err != nil {
		return nil, err
	}
	_, _ = c.ask("LOGOUT") // the connection is closed in any case
	return scripts, nil
}

// secure starts TLS. What was said before does not count any more (RFC 5804 2.2).
func secure(ctx context.Context, c *wire, nc net.Conn, greeting answer, o Options) (*wire, answer, error) {
	if _, offered := greeting.capability("STARTTLS"); !offered || o.TLS == nil {
		if o.Plain {
			return c, greeting, nil
		}
		return nil, answer{}, ErrPlain
	}
	if _, err := c.ask("STARTTLS"); err != nil {
		return nil, answer{}, err
	}
	t := tls.Client(nc, o.TLS)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, answer{}, fmt.Errorf("%w: %w", ErrNone, err)
	}
	c = newWire(t)
	greeting, err := c.answer() // sent unasked
	return c, greeting, err
}

// login is SASL PLAIN with an initial response (RFC 5804 2.1).
func login(c *wire, greeting answer, o Options) error {
	mechanisms, _ := greeting.capability("SASL")
	if !strings.Contains(" "+strings.ToUpper(mechanisms)+" ", " PLAIN ") {
		return ErrNoSASL
	}
	if strings.Contains(o.As+o.User+o.Secret, "\x00") {
		return ErrRefused
	}
	initial := base64.StdEncoding.EncodeToString([]byte(o.As + "\x00" + o.User + "\x00" + o.Secret))
	_, err := c.ask(`AUTHENTICATE "PLAIN" ` + quote(initial))
	if errors.Is(err, errNo) || errors.Is(err, errBye) {
		return ErrRefused // its words may repeat what was sent
	}
	return err
}

// list asks for the names, then for the texts.
func list(c *wire) ([]Script, error) {
	names, err := c.ask("LISTSCRIPTS")
	if err != nil {
		return nil, err
	}
	var out []Script
	for _, line := range names.lines {
		if len(line) == 0 || line[0].atom || len(out) == maxScripts {
			continue
		}
		s := Script{Name: line[0].text}
		for _, t := range line[1:] {
			s.Active = s.Active || t.atom && strings.EqualFold(t.text, "ACTIVE")
		}
		out = append(out, s)
	}
	for i := range out {
		s := &out[i]
		body, err := c.ask("GETSCRIPT " + quote(s.Name))
		switch {
		case errors.Is(err, errNo): // it went meanwhile
			continue
		case err != nil:
			return nil, err
		}
		if len(body.lines) > 0 && len(body.lines[0]) > 0 && !body.lines[0][0].atom {
			t := body.lines[0][0]
			s.Text, s.Whole = t.text, !t.cut
		}
	}
	return out, nil
}
