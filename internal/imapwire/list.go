package imapwire

import "bytes"

// Raw passes one value of any kind, with all that is nested in it, and returns its bytes as they stand: a
// list, a string, a literal with its marker, or an atom (with a bracketed part such as BODY[HEADER.FIELDS (TO)]<0>).
func (s *Scanner) Raw() ([]byte, bool) {
	from, depth := s.i, 0
	for {
		if depth > 0 {
			s.blanks()
		}
		switch c := s.Peek(); {
		case c == '(':
			if depth++; depth > maxDepth {
				s.i = from
				return nil, false
			}
			s.i++
		case c == ')' && depth > 0:
			depth--
			s.i++
		case !s.scalar():
			s.i = from
			return nil, false
		}
		if depth == 0 {
			return s.b[from:s.i], true
		}
	}
}

// blanks passes blanks and stray controls inside a list.
func (s *Scanner) blanks() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\r' || s.b[s.i] == '\n' || s.b[s.i] == '\t') {
		s.i++
	}
}

func (s *Scanner) scalar() bool {
	if end, _ := s.quotedEnd(); end >= 0 {
		s.i = end + 1
		return true
	}
	if _, ok := s.Literal(); ok {
		return true
	}
	_, ok := s.AttName()
	return ok
}

// AttName passes the name of a FETCH attribute, with its section in brackets and its origin:
// BODY[HEADER.FIELDS (FROM TO)]<0>. Blanks, quotes and parentheses inside the brackets belong to the name. Other
// names end at the first blank, so that a keyword with a stray bracket swallows nothing.
func (s *Scanner) AttName() ([]byte, bool) {
	from := s.i
	if n := sectionStart(s.Rest()); n > 0 {
		if end := bytes.IndexByte(s.Rest()[n:], ']'); end >= 0 {
			s.i += n + end
		}
	}
	for s.i < len(s.b) && isAtomByte(s.b[s.i]) {
		s.i++
	}
	return s.b[from:s.i], s.i > from
}

// sectionStart returns the length of BODY[ or BINARY.SIZE[ and the like at the start of b, else 0.
func sectionStart(b []byte) int {
	n := bytes.IndexByte(b[:min(len(b), len("BINARY.PEEK["))], '[')
	if n < 0 {
		return 0
	}
	for _, s := range [...]string{"BODY", "BINARY", "BODY.PEEK", "BINARY.PEEK", "BINARY.SIZE"} {
		if len(s) == n && bytes.EqualFold(b[:n], []byte(s)) {
			return n + 1
		}
	}
	return 0
}

// List passes a parenthesised list and calls each before every element; each must pass it and report whether
// it could. NIL is an empty list. Doubled, leading and trailing blanks do not matter.
func (s *Scanner) List(each func() bool) bool {
	from := s.i
	if s.Fold("NIL") {
		return true
	}
	if !s.Byte('(') {
		return false
	}
	for {
		s.blanks()
		if s.Byte(')') {
			return true
		}
		before := s.i
		if s.End() || !each() || s.i == before {
			s.i = from
			return false
		}
	}
}

// Flags passes a list of flags or attributes, (\Seen $Work) or NIL, and appends each to dst. What stands
// between blanks is a flag whatever its bytes are: keywords with ] or 8-bit letters are in use. Unless bare is
// false, flags without parentheses up to the end are a list too (some clients send STORE so).
func (s *Scanner) Flags(dst []string, bare bool) ([]string, bool) {
	if s.Peek() == '(' || s.isNil() {
		ok := s.List(func() bool {
			f, ok := s.AString()
			if ok && len(f) > 0 {
				dst = append(dst, string(f))
			}
			return ok
		})
		return dst, ok
	}
	if !bare {
		return dst, false
	}
	n := len(dst)
	for s.SP(); !s.End(); s.SP() {
		f, ok := s.Atom()
		if !ok {
			return dst[:n], false
		}
		dst = append(dst, string(f))
	}
	return dst, len(dst) > n
}

func (s *Scanner) isNil() bool {
	from := s.i
	ok := s.Fold("NIL")
	s.i = from
	return ok
}

// Name passes the mailbox name at the end of a LIST, LSUB or XLIST response: a string, or else everything up
// to the line end, since some servers send names with blanks unquoted.
func (s *Scanner) Name() ([]byte, bool) {
	from := s.i
	if b, ok := s.String(); ok {
		if s.SP(); s.End() || s.Peek() == '(' {
			return b, true
		}
		s.i = from
	}
	rest := bytes.TrimRight(s.Rest(), " ")
	if len(rest) == 0 {
		return nil, false
	}
	s.i = len(s.b)
	return rest, true
}
