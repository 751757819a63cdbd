package imap

import (
	"strconv"
	"strings"

	"crossfade/internal/imapwire"
)

// maxStructure is how deep parts may lie in each other.
const maxStructure = 100

// parseEncodings reads the Content-Transfer-Encodings of a BODYSTRUCTURE by part number (RFC 3501 6.4.5, 7.4.2). A
// multipart has none. What makes no sense ends the reading: those parts count as not encoded.
func parseEncodings(structure []byte) map[string]string {
	out := map[string]string{}
	body(imapwire.NewScanner(structure), "", 0, out)
	return out
}

// encodingOf is a part's encoding. Part 1 of a part that has none is that part itself to some servers.
func encodingOf(encodings map[string]string, part string) string {
	for {
		encoding, told := encodings[part]
		whole, first := strings.CutSuffix(part, ".1")
		if told || !first {
			return encoding
		}
		part = whole
	}
}

// body passes one body. at is its part number, "" for a message's own.
func body(s *imapwire.Scanner, at string, depth int, out map[string]string) bool {
	if depth > maxStructure || !s.Byte('(') {
		return false
	}
	if s.SP(); s.Peek() == '(' {
		return multipart(s, at, depth, out)
	}
	if at == "" {
		at = "1"
	}
	kind, ok := values(s, 2)
	if !ok {
		return false
	}
	if fields, ok := values(s, 4); !ok { // parameters, id, description, encoding
		return false
	} else if encoding, ok := imapwire.NewScanner([]byte(fields[3])).String(); ok {
		out[at] = strings.ToUpper(strings.TrimSpace(string(encoding)))
	}
	if strings.EqualFold(kind[0], `"message"`) && (strings.EqualFold(kind[1], `"rfc822"`) || strings.EqualFold(kind[1], `"global"`)) {
		if _, ok := values(s, 2); !ok { // size, envelope
			return false
		}
		inner := map[string]string{}
		if s.SP(); body(s, "", depth+1, inner) {
			for part, encoding := range inner {
				out[at+"."+part] = encoding
			}
		}
	}
	return rest(s)
}

// multipart passes the parts and what follows them.
func multipart(s *imapwire.Scanner, at string, depth int, out map[string]string) bool {
	for n := 1; s.Peek() == '('; n++ {
		part := strconv.Itoa(n)
		if at != "" {
			part = at + "." + part
		}
		if !body(s, part, depth+1, out) {
			return false
		}
		s.SP()
	}
	return rest(s)
}

// rest passes everything up to the end of a list.
func rest(s *imapwire.Scanner) bool {
	for {
		if s.SP(); s.Byte(')') {
			return true
		}
		if _, ok := s.Raw(); !ok {
			return false
		}
	}
}

// values passes some values.
func values(s *imapwire.Scanner, n int) (out []string, ok bool) {
	for range n {
		s.SP()
		v, ok := s.Raw()
		if !ok {
			return nil, false
		}
		out = append(out, string(v))
	}
	return out, true
}
