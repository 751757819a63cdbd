package imap

import (
	"bytes"
	"errors"
	"math"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// got tells which attributes a FETCH answer held in readable form.
type got uint8

const (
	gotUID got = 1 << iota
	gotFlags
	gotSize
	gotDate
	gotHeader
	gotModSeq
)

// listed is an entry with what is known of it.
type listed struct {
	backfill.Entry
	got got
}

func (e *listed) merge(o listed) {
	if o.got&gotFlags != 0 {
		e.Flags = o.Flags
	}
	if o.got&gotSize != 0 {
		e.Size = o.Size
	}
	if o.got&gotDate != 0 {
		e.Date = o.Date
	}
	if o.got&gotHeader != 0 {
		e.MsgID = o.MsgID
	}
	e.got |= o.got
}

// flagCache remembers flag lists by their bytes: a mailbox of 100,000 messages has a handful of them.
type flagCache map[string]mapping.Flags

const maxFlagCache = 4096

func (f flagCache) parse(raw []byte) mapping.Flags {
	if flags, ok := f[string(raw)]; ok {
		return flags
	}
	var list []string
	for _, w := range bytes.Split(raw, []byte(" ")) {
		list = append(list, string(w))
	}
	flags := mapping.NewFlags(list...)
	if len(f) < maxFlagCache {
		f[string(raw)] = flags
	}
	return flags
}

// flagList passes a list of flags and returns what stands inside. Keywords may hold any byte but a parenthesis.
func flagList(sc *imapwire.Scanner) ([]byte, bool) {
	if sc.Fold("NIL") {
		return nil, true
	}
	rest := sc.Rest()
	end := bytes.IndexByte(rest, ')')
	if end < 0 || rest[0] != '(' {
		return nil, false
	}
	sc.Seek(sc.Pos() + end + 1)
	return rest[1:end], true
}

// answer takes one FETCH answer of a scan.
func (s *scan) answer(_ uint32, text []byte, lit *imapwire.Literal) error {
	if lit != nil {
		if err := s.c.collect(text, lit); err != nil {
			return err
		}
		text = s.c.frame.Raw
	}
	e, ok := parseEntry(imapwire.NewScanner(text), s.flags)
	switch {
	case e.got&gotUID == 0 && !ok:
		return errOdd
	case e.got&gotUID == 0:
		s.c.news.flags = true // flags of a message by its sequence number
		return nil
	case !ok:
		s.c.odd++
	}
	if n := len(s.page); n > 0 && e.UID <= s.page[n-1].UID {
		s.sorted = false
	}
	s.page = append(s.page, e)
	return nil
}

// collect reads a whole answer into the connection's frame.
func (c *conn) collect(text []byte, lit *imapwire.Literal) error {
	err := c.wire.Collect(&c.frame, text, lit, nil)
	if err == nil {
		return nil
	}
	var limit *imapwire.LimitError
	if errors.As(err, &limit) {
		return errOdd
	}
	return c.fail(err)
}

// parseEntry reads the attributes it knows and passes the others. What it cannot read is not in got.
func parseEntry(sc *imapwire.Scanner, flags flagCache) (e listed, ok bool) {
	if !sc.Byte('(') {
		return e, false
	}
	for {
		sc.SP()
		if sc.Byte(')') || sc.End() {
			return e, true
		}
		name, ok := sc.AttName()
		if !ok {
			return e, false
		}
		sc.SP()
		if !e.attribute(name, sc, flags) {
			return e, false
		}
	}
}

func (e *listed) attribute(name []byte, sc *imapwire.Scanner, flags flagCache) bool {
	switch {
	case fold(name, "UID"):
		n, ok := sc.Uint32()
		if ok && n > 0 {
			e.UID = n
			e.got |= gotUID
		}
		return ok
	case fold(name, "FLAGS"):
		raw, ok := flagList(sc)
		if ok {
			e.Flags = flags.parse(raw)
			e.got |= gotFlags
		}
		return ok
	case fold(name, "RFC822.SIZE"):
		if n, ok := sc.Number(); ok && n <= math.MaxInt64 {
			e.Size = int64(n)
			e.got |= gotSize
			return true
		}
	case fold(name, "INTERNALDATE"):
		if b, isNil, ok := sc.NString(); ok {
			if t, ok := parseDate(string(b)); ok && !isNil {
				e.Date = t
				e.got |= gotDate
			}
			return true
		}
	case isSection(name, "BODY[HEADER"):
		if b, _, ok := sc.NString(); ok {
			e.MsgID = mapping.MessageIDFromHeader(b)
			e.got |= gotHeader
			return true
		}
	case fold(name, "MODSEQ"):
		e.got |= gotModSeq
	}
	_, ok := sc.Raw()
	return ok
}

func fold(b []byte, s string) bool { return len(b) == len(s) && bytes.EqualFold(b, []byte(s)) }

func isSection(name []byte, prefix string) bool {
	return len(name) >= len(prefix) && bytes.EqualFold(name[:len(prefix)], []byte(prefix))
}
