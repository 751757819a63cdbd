package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"crossfade/internal/imapwire"
)

// conn is one connection. It belongs to the goroutine that runs serve.
type conn struct {
	s    *Server
	nc   net.Conn
	wire *imapwire.Conn
	acct *Account
	out  [][]byte // the answer so far; message bytes stand in it uncopied
	bye  bool

	box      *mailbox
	readOnly bool
	epoch    int
	view     []*message // by sequence number
	next     uint32     // messages from this UID on are not in view
	modseq   uint64     // flag changes up to here have been told
	told     int        // the EXISTS told last
	modseqs  bool       // the client wants MODSEQ told
	resync   bool       // the client wants VANISHED in place of EXPUNGE
	garbage  int
	bads     int // commands that got BAD
	short    int // Rule.Short of the command under way
}

// command is one command under way.
type command struct {
	Command
	tag  string
	uid  bool
	verb string // the name without UID
	args *imapwire.Scanner
}

// errCut ends the connection without another byte.
var errCut = errors.New("cut")

// errBroken sends what there is of the answer and ends the connection.
var errBroken = errors.New("broken off")

// answerError is a NO or BAD.
type answerError string

func (a answerError) Error() string { return string(a) }

func no(code, text string) error {
	if code != "" {
		text = "[" + code + "] " + text
	}
	return answerError("NO " + text)
}

func bad(text string) error { return answerError("BAD " + text) }

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{s: s, nc: nc, wire: wire(nc)}
}

func wire(nc net.Conn) *imapwire.Conn {
	return imapwire.NewConn(nc, imapwire.Options{Limits: imapwire.Limits{Literal: 1 << 30, Frame: 2 << 30}, WriteTimeout: time.Minute})
}

// begin lets the connection in, or not, and serves it.
func (c *conn) begin() {
	raw := c.nc
	defer func() { _ = raw.Close() }()
	if admit := c.s.hooks.Admit; admit != nil {
		nc, refusal := admit(raw)
		if refusal != "" {
			_, _ = io.WriteString(raw, refusal+"\r\n")
			c.s.mu.Lock()
			delete(c.s.conns, c)
			c.s.mu.Unlock()
			return
		}
		c.s.mu.Lock()
		c.nc, c.wire = nc, wire(nc)
		c.s.mu.Unlock()
	}
	c.serve()
}

func (c *conn) serve() {
	defer func() {
		_ = c.nc.Close()
		c.s.mu.Lock()
		delete(c.s.conns, c)
		if c.acct != nil {
			c.acct.conns--
		}
		c.s.mu.Unlock()
	}()
	if c.greet() != nil {
		return
	}
	for !c.bye {
		cmd, err := c.read()
		if err != nil {
			return
		}
		if cmd == nil {
			continue
		}
		if c.run(cmd) != nil {
			return
		}
	}
}

func (c *conn) greet() error {
	c.s.mu.Lock()
	r, greeting := c.s.consult(Command{Name: "GREETING"}), c.s.quirks.Greeting
	caps := c.s.quirks.caps(false)
	c.s.mu.Unlock()
	pause(r)
	switch {
	case r.Cut != CutNot:
		return errCut
	case r.Answer != "":
		greeting = "* " + strings.TrimPrefix(r.Answer, "* ")
	case greeting == "":
		greeting = "* OK [CAPABILITY " + caps + "] at your service"
	}
	c.line(greeting)
	word, _, _ := strings.Cut(strings.TrimPrefix(greeting, "* "), " ")
	c.bye = word == "NO" || word == "BAD" || word == "BYE"
	return c.flush(CutNot)
}

// read reads one command; nil without an error for one that was answered already.
func (c *conn) read() (*command, error) {
	text, lit, err := c.wire.Next()
	if err != nil {
		return nil, err
	}
	if lit == nil && len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	var f imapwire.Frame
	var refused error
	head := string(text)
	err = c.wire.Collect(&f, text, lit, func(l *imapwire.Literal) error {
		if refused = c.tooBig(head, l.Size); refused != nil && !l.NonSync {
			return refused
		}
		if refused = nil; l.NonSync {
			return nil
		}
		c.line("+ go on")
		return c.flush(CutNot)
	})
	sc := imapwire.NewScanner(f.Raw)
	cmd := &command{tag: string(sc.Word()), args: sc}
	if refused != nil && errors.Is(err, refused) {
		tag, _, _ := strings.Cut(head, " ")
		c.line(tag + " " + refused.Error())
		return nil, c.flush(CutNot)
	}
	if err != nil {
		return nil, err
	}
	sc.SP()
	cmd.Name = strings.ToUpper(string(sc.Word()))
	sc.SP()
	cmd.verb = cmd.Name
	if cmd.Name == "UID" {
		cmd.uid, cmd.verb = true, strings.ToUpper(string(sc.Word()))
		cmd.Name += " " + cmd.verb
		sc.SP()
	}
	cmd.Line = strings.TrimSpace(string(f.Raw[len(cmd.tag):]))
	return cmd, nil
}

// tooBig refuses a message before it is sent.
func (c *conn) tooBig(head string, size int64) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if most := c.s.quirks.MaxSize; most > 0 && size > most && strings.Contains(strings.ToUpper(head), " APPEND ") {
		return no("TOOBIG", "no message may be as large")
	}
	return nil
}

// run does one command and answers it. An error ends the connection.
func (c *conn) run(cmd *command) error {
	v, known := verbs()[cmd.verb]
	c.describe(cmd)
	c.s.mu.Lock()
	c.s.counts[cmd.Name]++
	r, delay := c.s.consult(cmd.Command), c.s.quirks.Delay
	offered := known && (v.needs == "" || c.s.quirks.has(v.needs))
	c.s.mu.Unlock()
	time.Sleep(delay)
	pause(r)
	if r.Do != nil {
		r.Do()
	}
	c.short = r.Short
	if r.AnswerOf != nil {
		r.Answer = r.AnswerOf()
	}
	switch {
	case r.Cut == CutBefore:
		return errCut
	case r.Answer != "":
		return c.scripted(cmd, r)
	case !offered || cmd.uid && !v.uid:
		return c.finish(cmd, bad("what is "+cmd.Name+"?"), r)
	case c.acct == nil && !v.early:
		return c.finish(cmd, bad("log in first"), r)
	case c.box == nil && v.selected:
		return c.finish(cmd, bad("open a mailbox first"), r)
	}
	err := v.run(c, cmd)
	if errors.Is(err, errBroken) {
		return errors.Join(c.flush(CutNot), err)
	}
	var answer answerError
	if err != nil && !errors.As(err, &answer) {
		return err
	}
	return c.finish(cmd, err, r)
}

func pause(r Rule) { time.Sleep(r.Delay) }

// scripted says what a rule wants said.
func (c *conn) scripted(cmd *command, r Rule) error {
	c.lines(r.Untagged)
	if word, _, _ := strings.Cut(r.Answer, " "); word == "BYE" {
		c.line("* " + r.Answer)
		c.bye = true
	} else {
		c.line(cmd.tag + " " + r.Answer)
	}
	return c.flush(r.Cut)
}

// finish tells what is new and answers.
func (c *conn) finish(cmd *command, err error, r Rule) error {
	c.s.mu.Lock()
	expunges := cmd.uid || cmd.verb != "FETCH" && cmd.verb != "STORE" && cmd.verb != "SEARCH"
	c.chatter()
	c.sync(expunges || c.s.quirks.EarlyNews)
	c.s.mu.Unlock()
	c.lines(r.Untagged)
	answer := "OK done"
	if err != nil {
		answer = err.Error()
	}
	c.countBad(answer)
	c.line(cmd.tag + " " + answer)
	return c.flush(r.Cut)
}

// countBad ends the connection of a client that says too much that is not understood.
func (c *conn) countBad(answer string) {
	if !strings.HasPrefix(answer, "BAD") {
		return
	}
	c.bads++
	if most := c.quirks().MaxBad; most > 0 && c.bads >= most {
		c.line("* BYE too many bad commands")
		c.bye = true
	}
}

// describe fills in what a Rule may look at.
func (c *conn) describe(cmd *command) {
	if c.acct != nil {
		cmd.User = c.acct.name
	}
	if c.box != nil {
		cmd.Selected = c.box.name
	}
	at := cmd.args.Pos()
	switch cmd.verb {
	case "SELECT", "EXAMINE", "APPEND", "CREATE", "DELETE", "RENAME", "STATUS", "SUBSCRIBE", "UNSUBSCRIBE":
		cmd.Mailbox, _ = astring(cmd.args)
	case "COPY", "MOVE":
		_ = cmd.args.Word()
		cmd.args.SP()
		cmd.Mailbox, _ = astring(cmd.args)
	}
	q := c.quirks()
	cmd.Mailbox = q.own(cmd.Mailbox)
	if cmd.verb == "APPEND" {
		cmd.Messages, _ = appended(cmd.args)
	}
	cmd.args.Seek(at)
}

func astring(sc *imapwire.Scanner) (string, bool) {
	b, ok := sc.AString()
	sc.SP()
	return string(b), ok
}

// line adds one line to the answer.
func (c *conn) line(s string) { c.out = append(c.out, []byte(s+"\r\n")) }

func (c *conn) linef(format string, args ...any) { c.line(fmt.Sprintf(format, args...)) }

func (c *conn) lines(s string) {
	if s != "" {
		c.line(s)
	}
}

// flush sends the answer; CutHalf only half of its bytes, CutAfter nothing.
func (c *conn) flush(cut Cut) error {
	out := slices.Clone(c.out)
	c.out = c.out[:0]
	switch cut {
	case CutBefore, CutAfter:
		return errCut
	case CutHalf:
		all := bytes.Join(out, nil)
		_, _ = c.nc.Write(all[:len(all)/2])
		return errCut
	}
	for _, b := range out {
		if _, err := c.wire.Write(b); err != nil {
			return err
		}
	}
	if err := c.wire.Flush(); err != nil {
		return err
	}
	if c.bye {
		return io.EOF
	}
	return nil
}
