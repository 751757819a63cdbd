package mailsort

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as i;unicode-casemap compares it (RFC 5051): each character in title case and decomposed. Folded texts
// compare as bytes.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return norm.NFKD.String(strings.Map(unicode.ToTitle, s))
		}
	}
	return strings.ToUpper(s)
}

// maxText is how many bytes of a text take part in comparing: more than anybody reads of a subject, and 50,000 messages
// that differ in nothing but the thousandth byte are nobody's mail.
const maxText = 1000

// clip cuts a text to maxText, at a whole character.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > maxText-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
