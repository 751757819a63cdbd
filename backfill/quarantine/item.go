package quarantine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"crossfade/backfill/spool"
)

// ErrLongHeader says that a header is longer than is looked through.
var ErrLongHeader = errors.New("the header of the message is too long to be told from what was saved")

// Item is a FETCH item that can be answered from a message's bytes.
type Item struct {
	spec   string          // "", "HEADER", "TEXT", "HEADER.FIELDS", "HEADER.FIELDS.NOT"
	list   string          // behind it: "(FROM TO)"
	fields map[string]bool // the same, in upper case
	from   int64
	length int64 // -1: all
	part   string
}

// ParseItem reads an item as the front door writes it: BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.100>.
func ParseItem(item string) (Item, bool) {
	w := Item{length: -1}
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

// Name is what the answer is called.
func (w Item) Name() string {
	if w.list != "" {
		return "BODY[" + w.spec + " " + w.list + "]" + w.part
	}
	return "BODY[" + w.spec + "]" + w.part
}

// some picks header fields, with their continuation lines and the empty line at the end (RFC 3501 6.4.5).
func (w Item) some(header []byte) []byte {
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

// Answer streams what is wanted of a message of size bytes, and tells how much that is. ErrLongHeader says that it is not
// known where the header ends.
func (w Item) Answer(r io.Reader, size int64) (answer io.Reader, n int64, err error) {
	br := bufio.NewReaderSize(r, spool.HeaderKept)
	if w.spec != "" {
		head, err := headerSize(br, size)
		if err != nil {
			return nil, 0, err
		}
		switch w.spec {
		case "HEADER":
			size = head
		case "TEXT":
			if _, err := br.Discard(int(head)); err != nil {
				return nil, 0, spool.Cut(err)
			}
			size -= head
		default:
			header := make([]byte, head)
			if _, err := io.ReadFull(br, header); err != nil {
				return nil, 0, spool.Cut(err)
			}
			picked := w.some(header)
			br, size = bufio.NewReader(bytes.NewReader(picked)), int64(len(picked))
		}
	}
	from := min(w.from, size)
	if _, err := io.CopyN(io.Discard, br, from); err != nil {
		return nil, 0, spool.Cut(err)
	}
	if size -= from; w.length >= 0 {
		size = min(size, w.length)
	}
	return io.LimitReader(br, size), size, nil
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
		return 0, ErrLongHeader
	}
	return size, nil
}
