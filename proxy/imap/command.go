package imap

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// command is one command of a client.
type command struct {
	tag  string
	name string // upper case, without UID
	uid  bool   // UID FETCH and the like
	verb verb
	args *imapwire.Scanner

	lit *imapwire.Literal // APPEND is run while it is still being read: its first literal

	numbered   bool   // a UID command that speaks of sequence numbers as well
	code, text string // for the tagged OK
}

// label is the name as the client knows it.
func (cmd *command) label() string {
	if cmd.uid {
		return "UID " + cmd.name
	}
	return cmd.name
}

// end fails unless all arguments have been read. Blanks at the end are common.
func (cmd *command) end() error {
	if cmd.args.SP(); !cmd.args.End() {
		return badError("Something is left over behind the arguments of " + cmd.label())
	}
	return nil
}

// space passes the blank before an argument.
func (cmd *command) space() error {
	if cmd.args.SP() == 0 || cmd.args.End() {
		return badError(cmd.label() + " needs more arguments")
	}
	return nil
}

// next reads one command. It returns nil and no error when the line was answered already, or was blank.
func (c *conn) next() (*command, error) {
	if c.wire.Buffered() == 0 {
		c.wire.Timeouts(c.patience(), c.srv.opts.IOTimeout)
		c.link.wait(true)
		if err := c.pause(); err != nil {
			return nil, err
		}
	}
	text, lit, err := c.wire.Next()
	c.link.wait(false)
	c.wire.Timeouts(c.srv.opts.IOTimeout, c.srv.opts.IOTimeout)
	if err != nil {
		return nil, c.tooLong(err)
	}
	if lit == nil && len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	cmd, err := c.parse(text)
	if err != nil {
		if lit != nil {
			if err := lit.Refuse(); err != nil {
				return nil, err
			}
		}
		return nil, c.finish(cmd, err)
	}
	if cmd.verb.streams {
		cmd.lit = lit
		return cmd, nil
	}
	at := cmd.args.Pos()
	if err := c.wire.Collect(&c.frame, text, lit, c.goAhead); err != nil {
		return nil, c.refused(cmd, err)
	}
	cmd.args.Reset(c.frame.Raw)
	cmd.args.Seek(at)
	return cmd, nil
}

// parse reads tag and name and finds the verb.
func (c *conn) parse(text []byte) (*command, error) {
	s := imapwire.NewScanner(text)
	s.SP()
	cmd := &command{tag: string(s.Word()), args: s}
	if !isTag(cmd.tag) {
		cmd.tag = "*"
		return cmd, badError("A command starts with a tag")
	}
	s.SP()
	cmd.name = strings.ToUpper(string(s.Word()))
	if cmd.name == "UID" {
		s.SP()
		cmd.uid, cmd.name = true, strings.ToUpper(string(s.Word()))
	}
	v, ok := verbs[cmd.name]
	switch {
	case !ok || cmd.uid && !v.byUID:
		cmd.name, cmd.uid = "command", false
		return cmd, badError("There is no such command")
	case v.where&c.state() == 0:
		return cmd, badError(cmd.label() + " cannot be used now")
	}
	cmd.verb = v
	return cmd, nil
}

// isTag is RFC 3501's tag, a little wider.
func isTag(tag string) bool {
	if tag == "" || len(tag) > 128 {
		return false
	}
	for i := range len(tag) {
		if ch := tag[i]; ch <= ' ' || ch > '~' || strings.IndexByte(`(){%*"\+`, ch) >= 0 {
			return false
		}
	}
	return true
}

// beforeLogin is how large a literal may be that comes before a login.
const beforeLogin = 8 << 10

// goAhead lets the client send a literal it waits to send.
func (c *conn) goAhead(lit *imapwire.Literal) error {
	if c.session == nil && lit.Size > beforeLogin {
		return badError("The literal is too long")
	}
	if lit.NonSync {
		return nil
	}
	c.line("+ OK")
	return c.wire.Flush()
}

// tooLong answers a line that was over the limit and has been dropped. Other errors end the connection.
func (c *conn) tooLong(err error) error {
	var over *imapwire.LimitError
	if !errors.As(err, &over) {
		return err
	}
	s := imapwire.NewScanner(over.Head)
	s.SP()
	cmd := &command{tag: string(s.Word()), name: "command"}
	if !isTag(cmd.tag) {
		cmd.tag = "*"
	}
	return c.finish(cmd, badError("The line is too long"))
}

// refused answers a command whose literals could not be taken and have been dropped.
func (c *conn) refused(cmd *command, err error) error {
	var over *imapwire.LimitError
	var bad badError
	switch {
	case errors.As(err, &over):
		return c.finish(cmd, badError("The command is too long"))
	case errors.As(err, &bad):
		return c.finish(cmd, bad)
	}
	return err
}

// run executes a command and answers it. An error ends the connection.
func (c *conn) run(ctx context.Context, cmd *command) error {
	var err error
	if cmd.verb.asks {
		err = c.guard(ctx, func(ctx context.Context) error { return cmd.verb.run(c, ctx, cmd) })
	} else {
		err = cmd.verb.run(c, ctx, cmd)
	}
	if errors.Is(err, errAnswered) {
		return c.wire.Err()
	}
	var lost *lostError
	if errors.As(err, &lost) {
		return lost.err
	}
	var fatal *fatalError
	if errors.As(err, &fatal) {
		if !c.link.broken {
			c.log.Warn("answer cut short, connection closed", "command", cmd.label(), "err", fatal.err)
		}
		return err
	}
	if err := c.wire.Err(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.finish(cmd, err)
}

// maxBad is how many senseless commands a client may send before it logs in.
const maxBad = 20

// finish tells what is new in the selected mailbox, and answers the command. Only an error that ends the
// connection is returned.
func (c *conn) finish(cmd *command, err error) error {
	if err == nil {
		c.news(cmd)
		text := cmd.text
		if text == "" {
			text = cmd.label() + " completed"
		}
		c.srv.metrics.answered(cmd, "OK")
		c.tagged(cmd.tag, answer{"OK", cmd.code, text})
		if c.switched() && c.wire.Err() == nil { // it was done, and the client has to know before it goes
			return errSwitched
		}
		return c.wire.Err()
	}
	if errors.Is(err, backfill.ErrSwitched) { // nothing was done
		return errSwitched
	}
	a, unexpected := explain(err, cmd.verb.target)
	if unexpected {
		c.log.Error("command failed", "command", cmd.label(), "err", err)
	} else {
		c.log.Debug("command declined", "command", cmd.label(), "answer", a.status, "err", err)
	}
	if a.status != "BAD" {
		c.news(cmd)
	}
	c.srv.metrics.answered(cmd, a.status)
	c.tagged(cmd.tag, a)
	if c.session == nil {
		if c.bad++; c.bad >= maxBad {
			c.line("* BYE Too many errors")
			c.bye = true
		}
	}
	return c.wire.Err()
}

func (c *conn) tagged(tag string, a answer) {
	b := append(c.scratch[:0], tag...)
	b = append(append(b, ' '), a.status...)
	if a.code != "" {
		b = append(append(append(b, " ["...), a.code...), ']')
	}
	b = append(append(append(b, ' '), a.text...), "\r\n"...)
	c.scratch = b
	c.bytes(b)
}
