package imap

import (
	"context"
	"errors"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// maxAppend is how many messages one APPEND may add.
const maxAppend = 100

// append is APPEND (RFC 3501 6.3.11), also of several messages at once (RFC 3502), with APPENDUID (RFC 4315 3).
// It reads its literals as they come. Whatever is wrong, all that belongs to the command is read and dropped, so
// that a message is never taken for commands.
func (c *conn) append(ctx context.Context, cmd *command) error {
	r := &appendReader{c: c, lit: cmd.lit}
	defer r.close()
	if err := r.read(cmd); err != nil {
		if fatal := r.drop(); fatal != nil {
			return &lostError{fatal}
		}
		return err
	}
	return c.guard(ctx, func(ctx context.Context) error {
		validity, uids, err := c.session.Append(ctx, r.name, r.items)
		if err == nil && validity != 0 && len(uids) == len(r.items) {
			b := append(number([]byte("APPENDUID "), uint64(validity)), ' ')
			cmd.code = string(appendNumbers(b, uids))
		}
		return err
	})
}

// appendReader reads an APPEND piece by piece.
type appendReader struct {
	c      *conn
	name   string
	items  []backfill.AppendItem
	spools []*spool
	total  int64

	lit     *imapwire.Literal // announced and not yet done with; nil at the end of the command
	granted bool              // the client was told to send it
	failed  error             // the stream itself is broken
}

// read reads the whole command.
func (r *appendReader) read(cmd *command) error {
	if cmd.args.SP() == 0 {
		return badError("APPEND needs more arguments")
	}
	s := cmd.args
	raw, ok := s.AString()
	switch {
	case !ok && s.End() && r.lit != nil: // the name is a literal itself
		if raw, ok = r.literalName(); !ok {
			return badError("The name of the mailbox is too long")
		}
		text, err := r.next()
		if err != nil {
			return err
		}
		s = imapwire.NewScanner(text)
	case !ok:
		return badError("APPEND needs the name of a mailbox")
	}
	name, err := checkName(raw)
	if err != nil {
		return err
	}
	r.name = name
	return r.messages(s)
}

// messages reads flags, date and bytes of each message; s is at the blank behind the mailbox.
func (r *appendReader) messages(s *imapwire.Scanner) error {
	for {
		item, err := parseAppendItem(s)
		if err != nil {
			return err
		}
		if err := r.take(item); err != nil {
			return err
		}
		text, err := r.next()
		if err != nil {
			return err
		}
		s = imapwire.NewScanner(text)
		if s.SP(); s.End() && r.lit == nil {
			return nil
		}
		s.Seek(0)
	}
}

// parseAppendItem reads what stands before a literal.
func parseAppendItem(s *imapwire.Scanner) (item backfill.AppendItem, err error) {
	s.SP()
	if s.Peek() == '(' {
		if item.Flags, err = parseFlags(s, false); err != nil {
			return item, err
		}
		s.SP()
	}
	if s.Peek() == '"' {
		raw, ok := s.Quoted()
		if ok {
			item.Date, ok = parseDateTime(string(raw))
		}
		if !ok {
			return item, badError("This is not a date and time")
		}
		s.SP()
	}
	if !s.End() {
		return item, badError("APPEND needs flags, a date and a literal, in this order")
	}
	return item, nil
}

// take spools the announced literal, or refuses it before it is sent.
func (r *appendReader) take(item backfill.AppendItem) error {
	limit := r.c.srv.opts.MaxMessage
	switch {
	case r.lit == nil:
		return badError("APPEND needs a message as a literal")
	case r.lit.Size == 0:
		return &noError{"CANNOT", "An empty message cannot be added"}
	case r.lit.Size > limit-r.total:
		return &noError{"TOOBIG", "The message is larger than this server takes"}
	case len(r.items) >= maxAppend:
		return &noError{"LIMIT", "Too many messages at once"}
	}
	if err := r.grant(); err != nil {
		return err
	}
	item.Size = r.lit.Size
	sp, err := newSpool(r.c.srv.spools, item.Size, r.lit)
	if err != nil {
		var disk *diskError
		if !errors.As(err, &disk) {
			r.failed = err
		}
		return err
	}
	item.Open = sp.open
	if r.lit.Binary {
		if item.Binary, err = sp.holdsNUL(); err != nil { // else it is like any other (RFC 3516 4.4)
			return err
		}
	}
	r.total += item.Size
	r.spools, r.items = append(r.spools, sp), append(r.items, item)
	return nil
}

// grant tells the client to send the literal, if it waits for that.
func (r *appendReader) grant() error {
	r.granted = true
	if r.lit.NonSync {
		return nil
	}
	r.c.line("+ OK")
	if err := r.c.wire.Flush(); err != nil {
		r.failed = err
	}
	return r.failed
}

// literalName reads a mailbox name that is a literal.
func (r *appendReader) literalName() ([]byte, bool) {
	if r.lit.Size > maxName || r.grant() != nil {
		return nil, false
	}
	sp, err := newSpool(r.c.srv.spools, r.lit.Size, r.lit)
	if err != nil {
		r.failed = err
		return nil, false
	}
	return sp.mem, true
}

// next reads the text up to the next literal or the end.
func (r *appendReader) next() ([]byte, error) {
	text, lit, err := r.c.wire.Next()
	r.lit, r.granted = lit, false
	var over *imapwire.LimitError
	switch {
	case errors.As(err, &over):
		return nil, badError("The line is too long")
	case err != nil:
		r.failed = err
	}
	return text, err
}

// drop reads what is left of a command that has failed. A literal the client waits to send never comes; one
// that it was told to send does.
func (r *appendReader) drop() error {
	if r.failed != nil || r.lit == nil {
		return r.failed
	}
	if r.granted && !r.lit.NonSync {
		if err := r.lit.Drain(); err != nil {
			return err
		}
		if _, err := r.next(); err != nil || r.lit == nil {
			return r.failed
		}
	}
	return r.lit.Refuse()
}

func (r *appendReader) close() {
	for _, s := range r.spools {
		s.close()
	}
}

// parseDateTime reads the date of an APPEND (RFC 3501 9, date-time), also with a day of one digit.
func parseDateTime(s string) (time.Time, bool) {
	t, err := time.Parse("_2-Jan-2006 15:04:05 -0700", s)
	return t, err == nil
}
