package imapwire

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Modified UTF-7 (RFC 3501 5.1.3): printable ASCII stands for itself, & is &-, all else is UTF-16BE in base64
// with comma for slash, between & and -.

const utf7Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"

// EncodeMailbox returns the one canonical spelling of a name. Bytes that are not UTF-8 are taken as Latin-1.
func EncodeMailbox(name string) string {
	if isPlain(name) {
		return name
	}
	enc := base64.NewEncoding(utf7Alphabet).WithPadding(base64.NoPadding)
	var out strings.Builder
	var run []byte // UTF-16BE
	flush := func() {
		if len(run) > 0 {
			out.WriteString("&" + enc.EncodeToString(run) + "-")
			run = run[:0]
		}
	}
	for i := 0; i < len(name); {
		c, n := utf8.DecodeRuneInString(name[i:])
		if c == utf8.RuneError && n == 1 {
			c = rune(name[i])
		}
		i += n
		if c < 0x20 || c > 0x7e {
			for _, u := range utf16.AppendRune(nil, c) {
				run = append(run, byte(u>>8), byte(u))
			}
			continue
		}
		flush()
		out.WriteByte(byte(c))
		if c == '&' {
			out.WriteByte('-')
		}
	}
	flush()
	return out.String()
}

// isPlain tells whether name is its own encoding.
func isPlain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < 0x20 || c > 0x7e || c == '&' {
			return false
		}
	}
	return true
}

// DecodeMailbox returns a readable UTF-8 form of any name a server may list. What is not modified UTF-7 is
// kept: raw UTF-8 as it is, other 8-bit bytes as Latin-1, a bare ampersand, lone surrogates and NUL in the
// spelling they came in. So different names may read the same; who needs the name on the wire keeps that
// beside it. DecodeMailbox(EncodeMailbox(s)) == s for valid UTF-8 without NUL.
func DecodeMailbox(name string) string {
	if isPlain(name) {
		return name
	}
	var out strings.Builder
	for i := 0; i < len(name); {
		if name[i] == '&' {
			if text, n, ok := decodeShift(name[i:]); ok {
				out.WriteString(text)
				i += n
				continue
			}
		}
		c, n := utf8.DecodeRuneInString(name[i:])
		if c == utf8.RuneError && n == 1 {
			c = rune(name[i])
		}
		out.WriteRune(c)
		i += n
	}
	return out.String()
}

// decodeShift decodes one &...- at the start of s and returns its length.
func decodeShift(s string) (text string, n int, ok bool) {
	end := strings.IndexByte(s, '-')
	if end < 0 {
		return "", 0, false
	}
	if end == 1 {
		return "&", 2, true
	}
	enc := base64.NewEncoding(utf7Alphabet).WithPadding(base64.NoPadding)
	if strings.ContainsAny(s[1:end], "\r\n") {
		return "", 0, false // base64 would skip these
	}
	b, err := enc.DecodeString(s[1:end])
	if err != nil || len(b) == 0 || len(b)%2 != 0 {
		return "", 0, false
	}
	var out strings.Builder
	for i := 0; i < len(b); i += 2 {
		c := rune(b[i])<<8 | rune(b[i+1])
		if utf16.IsSurrogate(c) {
			if i+3 >= len(b) {
				return "", 0, false
			}
			c = utf16.DecodeRune(c, rune(b[i+2])<<8|rune(b[i+3]))
			if c == utf8.RuneError {
				return "", 0, false
			}
			i += 2
		}
		if c == 0 {
			return "", 0, false
		}
		out.WriteRune(c)
	}
	return out.String(), end + 1, true
}
