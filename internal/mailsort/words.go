package mailsort

import (
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// Decode turns the value of a header field into UTF-8: encoded words are decoded (RFC 2047), what is neither them nor
// UTF-8 is taken for Latin-1, and white space of any kind and length becomes one blank.
func Decode(raw string) string {
	if !utf8.ValidString(raw) {
		if s, err := charmap.ISO8859_1.NewDecoder().String(raw); err == nil {
			raw = s
		}
	}
	if strings.Contains(raw, "=?") {
		d := mime.WordDecoder{CharsetReader: anyCharset}
		if s, err := d.DecodeHeader(raw); err == nil {
			raw = strings.ToValidUTF8(s, "\uFFFD")
		}
	}
	return blanks(raw)
}

// anyCharset never fails: of a character set that is not known, what is UTF-8 is read.
func anyCharset(name string, in io.Reader) (io.Reader, error) {
	if e, err := htmlindex.Get(name); err == nil {
		return e.NewDecoder().Reader(in), nil
	}
	return in, nil
}

// blanks makes one blank of each run of white space (RFC 5256 2.1, step 1).
func blanks(s string) string {
	if !strings.ContainsAny(s, "\t\r\n") && !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	was := false
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n':
			if !was {
				b.WriteByte(' ')
			}
			was = true
		default:
			b.WriteByte(c)
			was = false
		}
	}
	return b.String()
}
