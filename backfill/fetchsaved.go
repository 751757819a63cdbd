package backfill

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"crossfade/backfill/spool"
	"crossfade/store"
)

// fetchSaved answers for messages that the destination refused and the source has lost, or does not give now, from
// what was saved of them: whole, header, header fields, text, and parts of these. What else a client asks for (ENVELOPE, a MIME part)
// needs a parser that agrees with the source's, so it is unavailable: an answer that is made up would be kept.
func (m *Mailbox) fetchSaved(ctx context.Context, links []store.Link, items []string, each func(*RawItem) error) error {
	if len(links) == 0 {
		return nil
	}
	wants := make([]wanted, len(items))
	for i, item := range items {
		var ok bool
		if wants[i], ok = parseWanted(item); !ok {
			return fmt.Errorf("%w: of a message that the new server refused and the old one lost, %s cannot be told", ErrUnavailable, item)
		}
	}
	slices.SortFunc(links, byUID)
	for _, l := range links {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.tellSaved(&l, wants, each); err != nil {
			return err
		}
	}
	return nil
}

// savedOnes parts messages into those of which bytes are saved and the others.
func (f *folder) savedOnes(links []store.Link) (saved, rest []store.Link) {
	for _, l := range links {
		name := ""
		if l.State == store.Quarantined {
			name, _ = f.savedAs(l.UID) // an error is as good as nothing saved
		}
		if name != "" && f.acct.e.saved.has(f.acct.id, name) {
			saved = append(saved, l)
		} else {
			rest = append(rest, l)
		}
	}
	return saved, rest
}

// tellSaved answers all items of one message.
func (m *Mailbox) tellSaved(l *store.Link, wants []wanted, each func(*RawItem) error) error {
	name, err := m.f.savedAs(l.UID)
	if err != nil {
		return err
	}
	var open io.ReadCloser
	defer func() {
		if open != nil {
			_ = open.Close() // it was only read
		}
	}()
	at := 0
	return each(&RawItem{UID: l.UID, Next: func() (RawAtt, error) {
		if at == len(wants) {
			return RawAtt{}, io.EOF
		}
		if open != nil {
			_ = open.Close() // it was only read
		}
		var err error
		if open, err = m.a.e.saved.open(m.a.id, name); err != nil {
			open = nil
			return RawAtt{}, errors.Join(ErrUnavailable, err)
		}
		w := wants[at]
		at++
		return w.answer(open, savedSize(name))
	}})
}

// wanted is a FETCH item that can be answered from a message's bytes.
type wanted struct {
	spec   string          // "", "HEADER", "TEXT", "HEADER.FIELDS", "HEADER.FIELDS.NOT"
	list   string          // behind it: "(FROM TO)"
	fields map[string]bool // the same, in upper case
	from   int64
	length int64 // -1: all
	part   string
}

// parseWanted reads an item as the front door writes it: BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.100>.
func parseWanted(item string) (wanted, bool) {
	w := wanted{length: -1}
	rest, ok := strings.CutPrefix(item, "BODY.PEEK[")
	end := strings.LastIndexByte(rest, ']')
	if !ok || end < 0 {
		return w, false
	}
	spec, part := rest[:end], rest[end+1:]
	w.spec, w.list, _ = strings.Cut(spec, " ")
	switch w.spec {
	case "", "HEADER", "TEXT":
		ok = w.list == ""
	case "HEADER.FIELDS", "HEADER.FIELDS.NOT":
		w.fields = make(map[string]bool)
		for _, name := range strings.Fields(strings.Trim(w.list, "()")) {
			w.fields[strings.ToUpper(strings.Trim(name, `"`))] = true
		}
	default:
		ok = false
	}
	if part == "" || !ok {
		return w, ok
	}
	from, length, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(part, "<"), ">"), ".")
	var errFrom, errLength error
	w.from, errFrom = strconv.ParseInt(from, 10, 64)
	w.length, errLength = strconv.ParseInt(length, 10, 64)
	w.part = "<" + from + ">"
	return w, ok && errFrom == nil && errLength == nil && w.from >= 0 && w.length >= 0
}

// name is what the answer is called.
func (w wanted) name() string {
	if w.list != "" {
		return "BODY[" + w.spec + " " + w.list + "]" + w.part
	}
	return "BODY[" + w.spec + "]" + w.part
}

// some picks header fields, with their continuation lines and the empty line at the end (RFC 3501 6.4.5).
func (w wanted) some(header []byte) []byte {
	var out []byte
	keep := false
	for len(header) > 0 {
		line := header
		if i := bytes.IndexByte(header, '\n'); i >= 0 {
			line = header[:i+1]
		}
		header = header[len(line):]
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := bytes.Cut(line, []byte{':'})
			keep = w.fields[strings.ToUpper(string(bytes.TrimSpace(name)))] != (w.spec == "HEADER.FIELDS.NOT")
			keep = keep && len(bytes.TrimSpace(line)) > 0
		}
		if keep {
			out = append(out, line...)
		}
	}
	return append(out, "\r\n"...)
}

// answer streams what is wanted of a message of size bytes.
func (w wanted) answer(r io.Reader, size int64) (RawAtt, error) {
	br := bufio.NewReaderSize(r, spool.HeaderKept)
	if w.spec != "" {
		head, err := headerSize(br, size)
		if err != nil {
			return RawAtt{}, err
		}
		switch w.spec {
		case "HEADER":
			size = head
		case "TEXT":
			if _, err := br.Discard(int(head)); err != nil {
				return RawAtt{}, spool.Cut(err)
			}
			size -= head
		default:
			header := make([]byte, head)
			if _, err := io.ReadFull(br, header); err != nil {
				return RawAtt{}, spool.Cut(err)
			}
			picked := w.some(header)
			br, size = bufio.NewReader(bytes.NewReader(picked)), int64(len(picked))
		}
	}
	from := min(w.from, size)
	if _, err := io.CopyN(io.Discard, br, from); err != nil {
		return RawAtt{}, spool.Cut(err)
	}
	if size -= from; w.length >= 0 {
		size = min(size, w.length)
	}
	return RawAtt{Name: w.name(), Literal: io.LimitReader(br, size), Size: size}, nil
}

// headerSize is the length of the header block with the empty line behind it (RFC 3501 6.4.5); a message without one
// is all header.
func headerSize(br *bufio.Reader, size int64) (int64, error) {
	b, err := br.Peek(int(min(size, spool.HeaderKept)))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	for at := 0; at < len(b); {
		end := bytes.IndexByte(b[at:], '\n')
		if end < 0 {
			break
		}
		if line := b[at : at+end]; len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return int64(at + end + 1), nil
		}
		at += end + 1
	}
	if size > spool.HeaderKept {
		return 0, fmt.Errorf("%w: the header of the message is too long to be told from what was saved", ErrUnavailable)
	}
	return size, nil
}
