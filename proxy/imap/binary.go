package imap

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// binaryItem is BINARY, BINARY.PEEK or BINARY.SIZE of one part (RFC 3516 4.2).
type binaryItem struct {
	name  string // as it is answered: BINARY[1.2]<0>
	part  string // "1.2"; "" is the whole message
	size  bool   // only the size is asked for
	from  int64
	count int64 // -1: all
}

var errUnknownCTE = &noError{"UNKNOWN-CTE", "The part is encoded in a way that is not known here"}

// binary adds an item to the plan.
func (p *plan) binary(kind, part, rest string) error {
	bad := badError("FETCH does not know this item")
	for i, n := range strings.Split(part, ".") {
		if v, err := strconv.ParseUint(n, 10, 32); (err != nil || v == 0) && (part != "" || i > 0) {
			return bad
		}
	}
	partial, origin, ok := parsePartial(rest)
	it := binaryItem{name: "BINARY[" + part + "]" + origin, part: part, count: -1}
	switch {
	case !ok || kind == "BINARY.SIZE" && partial != "" || len(p.binaries) >= maxBinaries:
		return bad
	case kind == "BINARY.SIZE":
		it.name, it.size = "BINARY.SIZE["+part+"]", true
	case partial != "":
		from, count, _ := strings.Cut(strings.Trim(partial, "<>"), ".")
		it.from, _ = strconv.ParseInt(from, 10, 64) // parsePartial has looked at both
		it.count, _ = strconv.ParseInt(count, 10, 64)
	}
	p.seen = p.seen || kind == "BINARY"
	p.binaries = append(p.binaries, it)
	return nil
}

// maxBinaries is how many parts one FETCH may decode: each message's are spooled before they are told.
const maxBinaries = 50

// onlyBinary tells whether nothing is asked for beside parts to be decoded.
func (p *plan) onlyBinary() bool {
	return len(p.binaries) > 0 && !p.flags && !p.size && !p.date && len(p.passes) == 0
}

// binaries answers what is decoded by us, so that both servers answer alike: first what their structures say of the
// encodings, then message by message, since a literal's size comes before its bytes.
func (f *fetching) binaries(ctx context.Context) error {
	encodings, err := f.encodings(ctx)
	if err != nil {
		return err
	}
	for _, uid := range f.uids {
		if err := ctx.Err(); err != nil {
			return err
		}
		it := f.item(uid)
		if it == nil {
			f.lost = true
			continue
		}
		if err := f.decoded(ctx, it, encodings[uid]); err != nil {
			return err
		}
	}
	return nil
}

// encodings reads the structures of the messages: by UID and part, the Content-Transfer-Encoding in upper case.
func (f *fetching) encodings(ctx context.Context) (map[uint32]map[string]string, error) {
	out := make(map[uint32]map[string]string, len(f.uids))
	if !slices.ContainsFunc(f.p.binaries, func(it binaryItem) bool { return it.part != "" }) {
		return out, nil
	}
	err := f.c.view.Mailbox().Fetch(ctx, f.uids, []string{"BODYSTRUCTURE"}, func(raw *backfill.RawItem) error {
		for {
			att, err := raw.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if att.Literal == nil && strings.EqualFold(att.Name, "BODYSTRUCTURE") {
				out[raw.UID] = parseEncodings(att.Value)
			}
		}
	})
	if isExpunged(err) { // told by what is missing
		err = nil
	}
	return out, err
}

// decoded answers the items of one message in one line.
func (f *fetching) decoded(ctx context.Context, it *backfill.ItemState, encodings map[string]string) error {
	parts, err := f.parts(ctx, it.UID, encodings)
	defer func() {
		for _, s := range parts {
			s.close()
		}
	}()
	switch {
	case isExpunged(err):
		f.lost = true
		return nil
	case err != nil:
		return err
	}
	for _, b := range f.p.binaries {
		if _, ok := parts[b.part]; !ok {
			f.missing = true
			return nil
		}
	}
	c := f.c
	line := appendFetch(c.scratch[:0], f.seqs.of(it.UID))
	if f.p.onlyBinary() {
		line = f.appendState(line, it, false)
	} else if f.p.uid {
		line = appendUID(line, it.UID)
	}
	for i, b := range f.p.binaries {
		if i > 0 {
			line = append(line, ' ')
		} else {
			line = appendBlank(line)
		}
		line = append(append(line, b.name...), ' ')
		s := parts[b.part]
		switch {
		case b.size:
			line = number(line, uint64(s.sized()))
			continue
		case s == nil:
			line = append(line, "NIL"...)
			continue
		}
		c.bytes(line)
		if err := c.tellPart(s, b); err != nil {
			return &fatalError{err}
		}
		line = c.scratch[:0]
	}
	c.bytes(append(line, ")\r\n"...))
	c.scratch = line[:0]
	return c.wire.Err()
}

// tellPart writes the asked range of a part, as a literal8 where it holds a NUL (RFC 3516 4.2).
func (c *conn) tellPart(s *spool, b binaryItem) error {
	from := min(b.from, s.size)
	n := s.size - from
	if b.count >= 0 {
		n = min(n, b.count)
	}
	open := func() (io.Reader, error) {
		r, err := s.open()
		if err == nil {
			_, err = io.CopyN(io.Discard, r, from)
		}
		return io.LimitReader(r, n), err
	}
	r, err := open()
	if err != nil {
		return err
	}
	binary, err := holdsNUL(r)
	if err != nil {
		return err
	}
	if r, err = open(); err != nil {
		return err
	}
	return c.wire.Literal(n, binary, r)
}

// parts reads and decodes the parts of one message; one that does not exist is nil.
func (f *fetching) parts(ctx context.Context, uid uint32, encodings map[string]string) (map[string]*spool, error) {
	out := map[string]*spool{}
	var items []string
	for _, b := range f.p.binaries {
		if item := "BODY.PEEK[" + b.part + "]"; !slices.Contains(items, item) {
			items = append(items, item)
		}
		if _, ok := decoder(encodingOf(encodings, b.part), nil); !ok {
			return nil, errUnknownCTE
		}
	}
	err := f.c.view.Mailbox().Fetch(ctx, []uint32{uid}, items, func(raw *backfill.RawItem) error {
		for {
			att, err := raw.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			part, ok := partOf(att.Name)
			if _, told := out[part]; !ok || told || f.hollow(&att, uid) {
				if att.Literal != nil {
					if _, err := io.Copy(io.Discard, att.Literal); err != nil {
						return err
					}
				}
				continue
			}
			s, err := f.decode(&att, encodingOf(encodings, part))
			if err != nil {
				return err
			}
			out[part] = s
		}
	})
	return out, err
}

// partOf is the part of an answer named BODY[1.2].
func partOf(name string) (string, bool) {
	head, rest, ok := strings.Cut(name, "[")
	part, tail, end := strings.Cut(rest, "]")
	return part, ok && end && strings.EqualFold(head, "BODY") && (tail == "" || tail == "<0>")
}

// decode spools one part decoded; NIL is nil.
func (f *fetching) decode(att *backfill.RawAtt, encoding string) (*spool, error) {
	var raw io.Reader
	size := att.Size
	switch {
	case att.Literal != nil:
		raw = att.Literal
	case strings.EqualFold(string(att.Value), "NIL"):
		return nil, nil
	default:
		text, ok := imapwire.NewScanner(att.Value).String()
		if !ok {
			return nil, errMissing
		}
		raw, size = strings.NewReader(string(text)), int64(len(text))
	}
	r, _ := decoder(encoding, raw)
	s, err := shrinkingSpool(f.c.srv.spools, size, r)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, raw); err != nil { // what lies behind the encoded text
		s.close()
		return nil, err
	}
	return s, nil
}
