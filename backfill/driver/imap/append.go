package imap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

const (
	appendSmall    = 1 << 20 // messages up to this size are read before they are sent
	appendBytes    = 4 << 20 // bytes of small messages in one MULTIAPPEND, or sent without an answer
	appendMessages = 1000    // messages likewise
	unselectFor    = 20      // so many are worth a round trip to have no mailbox selected
)

// Append implements backfill.Writer. A refusal that concerns more than its message (OVERQUOTA, TRYCREATE,
// THROTTLED) ends the call; it is returned as the error, and stands in the message's result if others may have
// been taken behind it. When the connection ends before an answer, the error is backfill.ErrUncertain: what has
// no result may have been added or not.
func (a *account) Append(ctx context.Context, box string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
	p := &appending{box: box, items: items, bad: map[int]error{}}
	fresh := false
	for {
		// Where the mailbox is selected, a server tells of each message that comes in, and that costs both ends much more
		// than the APPEND itself.
		err := a.do(ctx, need{op: "APPEND", once: true, apart: box, none: len(items) >= unselectFor, fresh: fresh}, func(c *conn) error {
			p.c = c
			known := len(p.results)
			err := p.run()
			a.moved(ctx, items[known:], p.results[known:])
			return err
		})
		switch {
		case errors.Is(err, errShort):
		case !fresh && p.allRefused() && a.d.pool.removedLately(a):
			fresh, p.results, p.stop, p.alone = true, nil, nil, 0
		default:
			return p.results, err
		}
	}
}

// allRefused tells whether the server said NO to each message that it was sent, so that nothing was added. Where mailboxes
// were deleted a moment ago it may have meant an earlier one of this name; a connection that is new knows better.
func (p *appending) allRefused() bool {
	return len(p.results) > 0 && len(p.out) == 0 && !slices.ContainsFunc(p.results, func(r backfill.AppendResult) bool {
		var e *backfill.Error
		return !errors.As(r.Err, &e) || e.Text == "" || e.Code != "" && e.Code != "SERVERBUG"
	})
}

var errShort = errors.New("the message ended before its announced size")

// appending is one call of Append.
type appending struct {
	c       *conn
	box     string
	items   []backfill.AppendItem
	results []backfill.AppendResult
	bad     map[int]error // messages that cannot be read, so are not sent
	alone   int           // messages before this index are sent one by one
	out     []appended    // sent, not answered
	bytes   int64         // in out
	stop    error         // a refusal that ends the call
}

type appended struct {
	tag string
	i   int
}

func (p *appending) run() error {
	p.out, p.bytes = nil, 0
	for p.stop == nil && p.next() < len(p.items) {
		i := p.next()
		err := p.bad[i]
		if err == nil {
			err = p.one(i)
		} else if err = p.settle(0); err == nil && p.stop == nil {
			p.results = append(p.results, backfill.AppendResult{Err: p.itemError(p.bad[i])})
		}
		if err != nil {
			return err
		}
	}
	if err := p.settle(0); err != nil {
		return err
	}
	return p.stop
}

// next is the first message not yet sent.
func (p *appending) next() int { return len(p.results) + len(p.out) }

func (p *appending) itemError(err error) error {
	return &backfill.Error{Op: "APPEND", Host: p.c.host, Scope: backfill.Item, Patience: backfill.Later, Err: err}
}

// one sends message i, or the group that starts with it.
func (p *appending) one(i int) error {
	if p.items[i].Size > appendSmall {
		return p.large(i)
	}
	if p.c.caps.Has("MULTIAPPEND") && i >= p.alone && !p.items[i].Binary {
		if n := p.groupSize(i); n > 1 {
			return p.group(i, n)
		}
	}
	body, err := p.load(i)
	if err != nil {
		p.bad[i] = err
		return nil
	}
	if err := p.settleFor(p.items[i].Size); err != nil || p.stop != nil {
		return err
	}
	return p.send(i, func() error {
		if p.items[i].Binary {
			return p.c.wire.Literal(int64(len(body)), true, bytes.NewReader(body))
		}
		return p.c.wire.LiteralBytes(body)
	})
}

// large streams a message. Nothing else is under way meanwhile: should it prove too short, the connection has
// to go, and only this message must be in doubt.
func (p *appending) large(i int) error {
	if err := p.settle(0); err != nil || p.stop != nil {
		return err
	}
	if err := checkItem(p.items[i]); err != nil {
		p.bad[i] = err
		return nil
	}
	r, err := p.items[i].Open()
	if err != nil {
		p.bad[i] = err
		return nil
	}
	defer func() { _ = r.Close() }() // it was only read
	src := &sourceErr{r: r, left: p.items[i].Size}
	err = p.send(i, func() error { return p.c.wire.Literal(p.items[i].Size, p.items[i].Binary, src) })
	if err != nil && src.err != nil {
		p.bad[i], p.out = src.err, nil
		return errors.Join(errShort, err) // a cut literal is no command, so it was not added
	}
	if err != nil {
		return err
	}
	return p.settle(0)
}

// sourceErr remembers that it was the source that failed, not the connection.
type sourceErr struct {
	r    io.Reader
	left int64
	err  error
}

func (s *sourceErr) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if s.left -= int64(n); err != nil && s.left > 0 {
		s.err = err
		if err == io.EOF {
			s.err = errShort
		}
	}
	return n, err
}

// load reads a small message. One that is in memory is not copied.
func (p *appending) load(i int) ([]byte, error) {
	it := p.items[i]
	if err := checkItem(it); err != nil {
		return nil, err
	}
	r, err := it.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	if b, ok := r.(interface{ Bytes() []byte }); ok && int64(len(b.Bytes())) == it.Size {
		return b.Bytes(), nil
	}
	body := make([]byte, it.Size)
	if _, err := io.ReadFull(r, body); err != nil && it.Size > 0 {
		return nil, fmt.Errorf("%w: %w", errShort, err)
	}
	return body, nil
}

func checkItem(it backfill.AppendItem) error {
	if it.Size < 0 || strings.ContainsAny(string(it.Flags), "\r\n(){\"") {
		return errors.New("a size or a flag that cannot be sent")
	}
	return nil
}

// send writes one APPEND. write adds the literal.
func (p *appending) send(i int, write func() error) error {
	c := p.c
	tag := c.begin()
	p.out = append(p.out, appended{tag, i})
	p.bytes += p.items[i].Size
	h := handler{tagged: p.early}
	c.leave(tag, h)
	_, _ = c.wire.WriteString("APPEND ") // the error sticks
	err := c.wire.String(p.box)
	if err == nil {
		p.head(i)
		c.leave(tag, h)
		err = write()
	}
	var no *refusal
	if errors.As(err, &no) {
		return p.refusedEarly(no.st)
	}
	if err == nil && c.wire.Err() == nil {
		c.wire.CRLF()
		return p.uncertain(c.wire.Err())
	}
	return p.uncertain(err)
}

// head writes flags and date.
func (p *appending) head(i int) {
	it := p.items[i]
	_, _ = p.c.wire.WriteString(" ")
	if it.Flags != "" {
		_, _ = p.c.wire.WriteString("(" + string(it.Flags) + ") ")
	}
	if !it.Date.IsZero() {
		_, _ = p.c.wire.WriteString(`"` + sane(it.Date).Format(dateLayout) + `" `)
	}
}

// uncertain marks an error of the connection: messages have been sent and not been answered.
func (p *appending) uncertain(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(p.c.fail(err), backfill.ErrUncertain)
}

// learnAppended reads APPENDUID (RFC 4315 3) for n messages. Validity 0 is not believed.
func learnAppended(st status, n int) []backfill.AppendResult {
	out := make([]backfill.AppendResult, n)
	if st.code != "APPENDUID" {
		return out
	}
	sc := imapwire.NewScanner(st.args)
	validity, ok := sc.Uint32()
	sc.SP()
	uids := expand(parseSet(sc.Word()), appendMessages)
	if !ok || validity == 0 || len(uids) != n {
		return out
	}
	for i := range out {
		out[i] = backfill.AppendResult{UIDValidity: validity, UID: uids[i]}
	}
	return out
}

// pipelines tells whether a message of this size can be sent without waiting.
func (c *conn) pipelines(size int64) bool {
	return c.caps.Has(goimap.CapLiteralPlus) || c.caps.Has(goimap.CapLiteralMinus) && size <= imapwire.NonSyncMinus
}
