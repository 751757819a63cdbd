package mapping

import (
	"strings"
	"unicode/utf8"
)

// escapeMark begins an escape. It is not '%', which is a wildcard of LIST (RFC 3501 6.3.8) and refused in new
// names by some servers.
const escapeMark = '='

// EscapeSegment spells one segment for a destination with the given hierarchy separator. What cannot stand in
// a name becomes "=" and two upper-case hex digits for each byte: the separator's characters, control
// characters and bytes that are not UTF-8. A "=" that two hex digits follow becomes "=3D"; an empty segment
// becomes "=" and a lone "=" becomes "=3D". Everything else stays, blanks at the ends included. No two segments
// have one spelling, and UnescapeSegment gives the segment back.
func EscapeSegment(segment, separator string) string { return escapeSegment(segment, separator, false) }

func escapeSegment(segment, separator string, strict bool) string {
	switch segment {
	case "":
		return string(escapeMark)
	case string(escapeMark):
		return "=3D"
	}
	var b strings.Builder
	for i := 0; i < len(segment); {
		r, n := utf8.DecodeRuneInString(segment[i:])
		if mustEscape(segment[i:], r, n, separator) || strict && (refusable(r) || r == ' ' && (i == 0 || i == len(segment)-1)) {
			for _, c := range []byte(segment[i : i+n]) {
				b.WriteByte(escapeMark)
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		} else {
			b.WriteString(segment[i : i+n])
		}
		i += n
	}
	return b.String()
}

// UnescapeSegment undoes EscapeSegment.
func UnescapeSegment(name string) string {
	if name == string(escapeMark) {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if isEscape(name[i:]) {
			b.WriteByte(unhex(name[i+1])<<4 | unhex(name[i+2]))
			i += 2
			continue
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// mustEscape tells whether the rune r of n bytes, with which rest begins, must be escaped.
func mustEscape(rest string, r rune, n int, separator string) bool {
	switch {
	case r == utf8.RuneError && n == 1: // not UTF-8
		return true
	case r < ' ' || 0x7f <= r && r < 0xa0: // control characters
		return true
	case r == escapeMark && isEscape(rest):
		return true
	}
	return strings.ContainsRune(separator, r)
}

// isEscape tells whether s begins with an escape, in either case of hex digits.
func isEscape(s string) bool {
	return len(s) >= 3 && s[0] == escapeMark && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
