package imap

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// part is what is known of a message until all of it is.
type part struct {
	uid      uint32
	flags    mapping.Flags
	date     time.Time
	hasFlags bool
	hasDate  bool
	size     int64 // RFC822.SIZE; -1 if not told
	body     *held // nil: not yet
}

// maxParts bounds the messages whose attributes come in several answers.
const maxParts = 1000

// forget drops what is known of messages not told.
func (r *reading) forget() {
	for _, p := range r.parts {
		p.body.free()
	}
	r.parts = nil
}

// answer takes one FETCH answer. The body streams if everything else came before it, else it waits aside.
func (r *reading) answer(_ uint32, text []byte, lit *imapwire.Literal) error {
	a, err := newAnswer(r.c, text, lit)
	if err != nil {
		return err
	}
	if r.trouble {
		return a.drain()
	}
	p := &part{size: -1}
	err = r.attributes(a, p)
	switch {
	case err == nil && p.uid != 0:
		err = r.finish(p)
	case err == nil && p.body != nil:
		err = errOdd // a message without a number
	}
	if errors.Is(err, errOdd) {
		r.trouble = true
	}
	if r.parts[p.uid] != p {
		p.body.free()
	}
	return err
}

func (r *reading) attributes(a *answer, p *part) error {
	for {
		t, err := a.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.ToUpper(t.name)
		if name == "BODY[]" || name == "BODY[]<0>" {
			if err := r.body(a, p, t); err != nil {
				return err
			}
			continue
		}
		if t.lit == nil {
			r.small(name, t.value, p)
		}
	}
}

// small takes an attribute other than the body.
func (r *reading) small(name string, value []byte, p *part) {
	sc := imapwire.NewScanner(value)
	switch name {
	case "UID":
		if n, ok := sc.Uint32(); ok && n > 0 {
			p.uid = n
			r.join(p)
		}
	case "FLAGS":
		if raw, ok := flagList(sc); ok {
			p.flags, p.hasFlags = r.flags.parse(raw), true
		}
	case "INTERNALDATE":
		b, _, _ := sc.NString()
		p.date, _ = parseDate(string(b))
		p.hasDate = true
	case "RFC822.SIZE":
		if n, ok := sc.Number(); ok {
			p.size = int64(n)
		}
	}
}

// join adds what earlier answers told of the same message.
func (r *reading) join(p *part) {
	old := r.parts[p.uid]
	if old == nil {
		return
	}
	delete(r.parts, p.uid)
	if !p.hasFlags {
		p.flags, p.hasFlags = old.flags, old.hasFlags
	}
	if !p.hasDate {
		p.date, p.hasDate = old.date, old.hasDate
	}
	if p.size < 0 {
		p.size = old.size
	}
	if p.body == nil {
		p.body = old.body
	} else {
		old.body.free()
	}
}

// body takes the body: told at once if everything else is known.
func (r *reading) body(a *answer, p *part, t att) error {
	if t.lit != nil {
		if p.uid != 0 && p.hasFlags && p.hasDate && t.lit.Size > 0 {
			err := r.tell(p, &wireReader{r.c, t.lit}, t.lit.Size)
			if errors.Is(err, errOdd) {
				err = a.odd()
			}
			return err
		}
		h, err := r.c.hold(t.lit)
		if err != nil {
			return err
		}
		p.body.free()
		p.body = h
		return nil
	}
	b, isNil, ok := imapwire.NewScanner(t.value).NString()
	if !ok || isNil {
		return a.odd() // never an empty message
	}
	p.body = &held{Reader: strings.NewReader(string(b)), size: int64(len(b))}
	return nil
}

// finish tells a message whose body had to wait, or keeps what is known of it.
func (r *reading) finish(p *part) error {
	if r.told(p.uid) {
		return nil
	}
	if p.body == nil || !p.hasFlags || !p.hasDate {
		if len(r.parts) >= maxParts {
			return nil
		}
		if r.parts == nil {
			r.parts = map[uint32]*part{}
		}
		r.parts[p.uid] = p
		return nil
	}
	if p.body.size == 0 && p.size != 0 {
		return errOdd
	}
	return r.tell(p, p.body, p.body.size)
}

// told reports whether there is nothing to tell of a message: it was not asked for, or has been told.
func (r *reading) told(uid uint32) bool {
	_, asked := slices.BinarySearch(r.asked, uid)
	_, done := slices.BinarySearch(r.done, uid)
	return !asked || done
}

// tell gives a message to the caller, in ascending order and once.
func (r *reading) tell(p *part, body io.Reader, size int64) error {
	switch {
	case r.told(p.uid):
		return nil
	case p.uid < r.last(), p.uid > r.cur.last() && (r.next == nil || p.uid > r.next.last()):
		r.unordered = true
		return errOdd
	}
	if r.cur.first.IsZero() {
		r.cur.first = time.Now()
	}
	if p.uid == r.cur.last() && r.next == nil && len(r.todo) > 0 && r.singles == 0 {
		if err := r.ask(&r.next); err != nil {
			return err
		}
	}
	m := &backfill.Message{UID: p.uid, Flags: p.flags, Date: p.date, Size: size, Body: body}
	if err := r.each(m); err != nil {
		return err
	}
	r.done = append(r.done, p.uid)
	return nil
}
