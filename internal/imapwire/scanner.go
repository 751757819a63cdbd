package imapwire

import (
	"bytes"
	"math"
)

// maxDepth bounds nested parentheses. Real BODYSTRUCTUREs stay under 100.
const maxDepth = 500

// Scanner walks over the raw bytes of a frame. Methods that find what they look for move past it and return
// true; else they return false and stay where they were. Returned slices are parts of the frame, except
// where quoted text had to be unescaped.
type Scanner struct {
	b []byte
	i int
}

// NewScanner returns a scanner over raw, a frame or a part of one.
func NewScanner(raw []byte) *Scanner { return &Scanner{b: raw} }

// Reset starts again over raw.
func (s *Scanner) Reset(raw []byte) { s.b, s.i = raw, 0 }

// Pos returns how many bytes have been passed.
func (s *Scanner) Pos() int { return s.i }

// Seek goes to a position that Pos returned.
func (s *Scanner) Seek(pos int) { s.i = max(0, min(pos, len(s.b))) }

// Rest returns everything not yet passed, without moving.
func (s *Scanner) Rest() []byte { return s.b[s.i:] }

// End tells whether nothing is left.
func (s *Scanner) End() bool { return s.i >= len(s.b) }

// Peek returns the next byte, or 0 at the end.
func (s *Scanner) Peek() byte {
	if s.End() {
		return 0
	}
	return s.b[s.i]
}

// SP passes any number of blanks, also none, and returns how many there were.
func (s *Scanner) SP() int {
	from := s.i
	for s.i < len(s.b) && s.b[s.i] == ' ' {
		s.i++
	}
	return s.i - from
}

// Byte passes c.
func (s *Scanner) Byte(c byte) bool {
	if s.End() || s.b[s.i] != c {
		return false
	}
	s.i++
	return true
}

// Word passes everything up to the next blank, or to the end: a tag, a command's name. It may be empty at the end only.
func (s *Scanner) Word() []byte {
	from := s.i
	for s.i < len(s.b) && s.b[s.i] != ' ' {
		s.i++
	}
	return s.b[from:s.i]
}

// Atom passes a run of bytes other than blanks, parentheses, quotes and controls. It is wider than RFC 3501's
// atom: 8-bit bytes, backslash, brackets, asterisk and percent sign are let through.
func (s *Scanner) Atom() ([]byte, bool) {
	from := s.i
	for s.i < len(s.b) && isAtomByte(s.b[s.i]) {
		s.i++
	}
	return s.b[from:s.i], s.i > from
}

func isAtomByte(c byte) bool {
	return c > ' ' && c != 0x7f && c != '(' && c != ')' && c != '"' && c != '{'
}

// Fold passes word if the next atom equals it without regard to case.
func (s *Scanner) Fold(word string) bool {
	from := s.i
	if a, ok := s.Atom(); ok && len(a) == len(word) && bytes.EqualFold(a, []byte(word)) {
		return true
	}
	s.i = from
	return false
}

// Number passes an unsigned decimal number. One beyond 2^63-1 is passed over as no number: false.
func (s *Scanner) Number() (uint64, bool) {
	from := s.i
	var n uint64
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		if n > (math.MaxInt64-9)/10 {
			s.i = from
			return 0, false
		}
		n = n*10 + uint64(s.b[s.i]-'0')
		s.i++
	}
	return n, s.i > from
}

// Uint32 passes a number of at most 32 bits: a UID or a sequence number.
func (s *Scanner) Uint32() (uint32, bool) {
	from := s.i
	n, ok := s.Number()
	if !ok || n > math.MaxUint32 {
		s.i = from
		return 0, false
	}
	return uint32(n), true
}

// Quoted passes a quoted string and returns it unescaped. A backslash before anything but a quote or a
// backslash stands for itself: DOMAIN\user is what people write.
func (s *Scanner) Quoted() ([]byte, bool) {
	end, escaped := s.quotedEnd()
	if end < 0 {
		return nil, false
	}
	text := s.b[s.i+1 : end]
	s.i = end + 1
	if !escaped {
		return text, true
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
		}
		out = append(out, text[i])
	}
	return out, true
}

// quotedEnd finds the closing quote of the quoted string that starts here; -1 if there is none.
func (s *Scanner) quotedEnd() (end int, escaped bool) {
	if s.Peek() != '"' {
		return -1, false
	}
	for i := s.i + 1; i < len(s.b); i++ {
		switch s.b[i] {
		case '"':
			return i, escaped
		case '\\':
			escaped = true
			i++
		case '\n':
			return -1, false
		}
	}
	return -1, false
}

// Literal passes a literal as it stands in a Frame and returns its bytes.
func (s *Scanner) Literal() ([]byte, bool) {
	if c := s.Peek(); c != '{' && c != '~' {
		return nil, false
	}
	eol := bytes.IndexByte(s.b[s.i:min(len(s.b), s.i+markerMax)], '\n')
	if eol < 0 {
		return nil, false
	}
	rest, size, _, ok := cutMarker(bytes.TrimSuffix(s.b[s.i:s.i+eol], []byte("\r")))
	from := s.i + eol + 1
	if !ok || len(rest) != 0 || size > int64(len(s.b)-from) {
		return nil, false
	}
	s.i = from + int(size)
	return s.b[from:s.i], true
}

// String passes a quoted string or a literal.
func (s *Scanner) String() ([]byte, bool) {
	if b, ok := s.Quoted(); ok {
		return b, true
	}
	return s.Literal()
}

// AString passes an astring (RFC 3501 9): an atom, a quoted string or a literal.
func (s *Scanner) AString() ([]byte, bool) {
	if b, ok := s.String(); ok {
		return b, true
	}
	return s.Atom()
}

// NString passes a string or NIL. isNil tells of NIL.
func (s *Scanner) NString() (b []byte, isNil, ok bool) {
	if s.Fold("NIL") {
		return nil, true, true
	}
	b, ok = s.String()
	return b, false, ok
}
