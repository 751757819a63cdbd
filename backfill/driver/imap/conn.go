package imap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// conn is one connection. It is used by one call at a time.
type conn struct {
	a    *account
	host string
	wire *imapwire.Conn
	caps goimap.CapSet

	capText string // caps as the server told them last
	welcome string // what the greeting said

	tags  uint64
	frame imapwire.Frame // the last response that had to be held whole

	box      string
	selected bool
	writable bool
	now      bool // selected during this call
	polled   bool // the caller knows everything up to news
	proved   bool // the selected mailbox was held against its landmarks
	state    backfill.BoxState
	news     news
	gone     uint32 // EXPUNGEs since the mailbox was selected
	needed   uint32 // the UIDVALIDITY that the call's numbers belong to; 0: any
	inView   uint32 // messages with lower UIDs are in view, if they are there

	courier  bool  // see courier.go
	resyncs  bool  // the server tells VANISHED
	noResync bool  // it was asked to, and does not
	odd      int   // answers that made no sense
	lost     int   // those among them that may have been FETCH answers
	answered bool  // something came since the call began
	harmless bool  // what was sent may be sent again
	long     bool  // a client reads from it, as fast as it likes
	broken   error // why the connection must be closed

	trip    time.Duration // the shortest time that a command took: about a round trip
	removed int           // of the account's usage, when it was made

	used  time.Time // when it was given back; zero if new
	timer *time.Timer
}

// news is what the server told unasked about the selected mailbox since Poll last told it.
type news struct{ new, gone, flags bool }

// handler takes what a command's answers hold. Nil parts are not wanted.
type handler struct {
	// fetch takes FETCH answers while they arrive: text is what follows the word FETCH, up to lit.
	fetch func(seq uint32, text []byte, lit *imapwire.Literal) error
	// data takes every other untagged response; sc stands behind its name, which is in upper case.
	data func(name string, num uint32, sc *imapwire.Scanner)
	// vanished takes ranges of UIDs that are said to be gone.
	vanished func(from, to uint32)
	// code takes response codes of untagged status responses.
	code func(s status)
	// tagged takes answers to other commands than the one waited for; it reports whether it knew the tag.
	tagged func(tag string, s status) bool
}

type event struct {
	kind eventKind
	tag  string
	st   status
}

type eventKind int

const (
	evUntagged eventKind = iota
	evGoOn
	evTagged
)

const maxOdd = 100_000

// errOdd is an answer that was read to its end but makes no sense.
var errOdd = errors.New("an answer that makes no sense")

var errNonsense = errors.New("nothing but answers that make no sense")

// fail marks the connection as unusable.
func (c *conn) fail(err error) error {
	if c.broken == nil {
		c.broken = err
	}
	return &wireError{err}
}

// begin writes a new tag and returns it.
func (c *conn) begin() string {
	c.tags++
	tag := "A" + strconv.FormatUint(c.tags, 10)
	_, _ = c.wire.WriteString(tag) // the error sticks until Flush
	_, _ = c.wire.WriteString(" ")
	return tag
}

// send ends the command and sends everything that waits.
func (c *conn) send() error {
	c.wire.CRLF()
	return c.flush()
}

func (c *conn) flush() error {
	if err := c.wire.Flush(); err != nil {
		return c.fail(err)
	}
	return nil
}

// command sends one line without strings that need quoting and waits for its answer.
func (c *conn) command(h handler, line string) (status, error) {
	tag := c.begin()
	_, _ = c.wire.WriteString(line)
	start := time.Now()
	if err := c.send(); err != nil {
		return status{}, err
	}
	st, err := c.wait(tag, h)
	if took := time.Since(start); err == nil && (c.trip == 0 || took < c.trip) {
		c.trip = took
	}
	return st, err
}

// commandArgs sends a command with strings, each as a quoted string or a literal, and tail as it is.
func (c *conn) commandArgs(h handler, verb, tail string, args ...string) (status, error) {
	tag, refused, err := c.start(h, verb, tail, args...)
	if err != nil {
		return status{}, err
	}
	if refused != nil {
		return refused.st, nil
	}
	if err := c.flush(); err != nil {
		return status{}, err
	}
	return c.wait(tag, h)
}

// start writes such a command; flush sends it. It is over already where a literal was refused.
func (c *conn) start(h handler, verb, tail string, args ...string) (tag string, refused *refusal, err error) {
	tag = c.begin()
	_, _ = c.wire.WriteString(verb)
	for _, s := range args {
		_, _ = c.wire.WriteString(" ")
		c.leave(tag, h)
		if err := c.wire.String(s); errors.As(err, &refused) {
			return tag, refused, nil
		} else if err != nil {
			return tag, nil, c.fail(err)
		}
	}
	_, _ = c.wire.WriteString(tail)
	c.wire.CRLF()
	return tag, nil, nil
}

// refusal is a NO or BAD where a literal's continuation was due: the literal was not sent.
type refusal struct{ st status }

func (r *refusal) Error() string { return "literal refused: " + r.st.text }

// leave prepares the writer for literals of the command with this tag.
func (c *conn) leave(tag string, h handler) {
	size := imapwire.NonSyncNone
	switch {
	case c.caps.Has(goimap.CapLiteralPlus):
		size = imapwire.NonSyncPlus
	case c.caps.Has(goimap.CapLiteralMinus):
		size = imapwire.NonSyncMinus
	}
	c.wire.Client(size, func() error { return c.waitGoOn(tag, h) })
}

// waitGoOn waits for the server's leave to send a literal or SASL data.
func (c *conn) waitGoOn(tag string, h handler) error {
	for {
		ev, err := c.step(h)
		switch {
		case err != nil:
			return err
		case ev.kind == evGoOn:
			return nil
		case ev.kind == evTagged && ev.tag == tag:
			return &refusal{ev.st}
		case ev.kind == evTagged:
			c.other(h, ev)
		}
	}
}

// wait reads answers until the tagged one.
func (c *conn) wait(tag string, h handler) (status, error) {
	for {
		ev, err := c.step(h)
		if err != nil {
			return status{}, err
		}
		if ev.kind != evTagged {
			continue
		}
		if ev.tag == tag {
			return ev.st, c.renumbered()
		}
		c.other(h, ev)
	}
}

// moved tells whether the server has told another UIDVALIDITY in the middle of a call: no more of the call's numbers
// may be used, and what is answered may be about other messages.
func (c *conn) moved() bool {
	return c.needed != 0 && c.selected && c.state.UIDValidity != c.needed
}

// renumbered ends a call when that has happened, and the connection with it.
func (c *conn) renumbered() error {
	if !c.moved() {
		return nil
	}
	err := &backfill.Error{Op: "session", Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Later, Err: backfill.ErrUIDValidity}
	if c.broken == nil {
		c.broken = err
	}
	return err
}

func (c *conn) other(h handler, ev event) {
	if h.tagged == nil || !h.tagged(ev.tag, ev.st) {
		c.odd++
	}
}

// step reads one response and acts on it.
func (c *conn) step(h handler) (event, error) {
	if c.odd > maxOdd {
		return event{}, c.fail(errNonsense)
	}
	text, lit, err := c.wire.Next()
	var limit *imapwire.LimitError
	if errors.As(err, &limit) {
		c.odd++
		c.lost++
		return event{}, nil
	}
	if err != nil {
		return event{}, c.fail(err)
	}
	c.answered = c.answered || !isBye(text)
	switch {
	case len(text) == 0 && lit == nil:
		return event{}, nil
	case len(text) > 0 && text[0] == '*':
		return event{}, c.untagged(h, text[1:], lit)
	case len(text) > 0 && text[0] == '+':
		return event{kind: evGoOn}, nil
	}
	sc := imapwire.NewScanner(text)
	tag := string(sc.Word())
	st, ok := parseStatus(sc)
	if !ok {
		c.odd++
		return event{}, nil
	}
	c.statusCode(st)
	return event{kind: evTagged, tag: tag, st: st}, nil
}

// rest gives memory back before the connection waits in the pool.
func (c *conn) rest() {
	c.wire.Release()
	c.frame.Raw = nil
}

// close ends the network connection.
func (c *conn) close() { _ = c.wire.Close() } // nothing more is expected of it

// logout says goodbye without waiting for an answer.
func (c *conn) logout() {
	c.wire.Timeouts(time.Second, time.Second)
	c.begin()
	_, _ = c.wire.WriteString("LOGOUT")
	_ = c.send() // a courtesy
	c.close()
}

// byeError is a server that ends the session.
type byeError struct{ st status }

func (b *byeError) Error() string { return fmt.Sprintf("the server says BYE: %q", b.st.text) }

// isBye tells of a farewell, which answers nothing: what was asked for may be asked for again on another connection.
func isBye(text []byte) bool {
	sc := imapwire.NewScanner(text)
	return sc.Byte('*') && sc.SP() > 0 && sc.Fold("BYE")
}

func upper(b []byte) string { return strings.ToUpper(string(b)) }
