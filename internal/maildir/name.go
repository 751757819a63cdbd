package maildir

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Dir is where a folder lies: its path as directories (Dovecot's LAYOUT=fs). A segment is spelled as the mail server
// spells it, which is ASCII; what would be something else to a file system or in a Maildir becomes %XX.
func Dir(segments []string) string {
	out := make([]string, len(segments))
	for i, s := range segments {
		out[i] = segment(s)
	}
	return filepath.Join(out...)
}

// segment is injective: a percent sign that could be read as one of ours is escaped, too. One alone is an empty segment.
func segment(s string) string {
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' || c == 0x7f || c == '/',
			c == '.' && i == 0,
			c == '.' && strings.EqualFold(s[i:], ".mbox"),
			c == '%' && (s == "%" || len(s) > i+2 && isHex(s[i+1]) && isHex(s[i+2])),
			i == 0 && (s == "cur" || s == "new" || s == "tmp"):
			fmt.Fprintf(&out, "%%%02X", c)
		default:
			out.WriteByte(c)
		}
	}
	if out.Len() == 0 {
		return "%"
	}
	return out.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}
