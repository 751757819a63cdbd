package imapwire

import "strings"

// maxQuoted keeps quoted strings well inside every server's line limit.
const maxQuoted = 1000

// Quotable tells whether s can be sent as a quoted string to any peer: printable ASCII, not too long.
func Quotable(s string) bool {
	if len(s) > maxQuoted {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// IsAtom tells whether s can be sent as an astring without quotes (RFC 3501 9).
func IsAtom(s string) bool {
	if s == "" || len(s) > maxQuoted || strings.EqualFold(s, "NIL") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c > 0x7e || strings.IndexByte(`(){%*"\`, c) >= 0 {
			return false
		}
	}
	return true
}

// AppendQuoted appends s in quotes. The caller has made sure that it is Quotable, or that the peer bears 8-bit
// bytes; CR, LF and NUL are dropped, since they could not be read back.
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '\r', '\n', 0:
		case '"', '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
