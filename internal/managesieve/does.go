package managesieve

import (
	"slices"
	"strings"
)

// Does is what a script may do to mail. It may be under conditions that never hold: nobody evaluates them here.
type Does struct {
	Redirects []string // addresses, the first ones; a variable is told as it is written
	Vacation  bool     // it answers
	Refuses   bool     // reject or ereject
	Files     bool     // fileinto
	Discards  bool
	Notifies  bool
}

// maxRedirects is how many addresses are named.
const maxRedirects = 10

// What reads a script: strings, words with tags, and signs.
type lexeme struct {
	text string
	kind byte // 'w' word, 's' string, else the sign itself
}

// Look tells what a script may do.
func Look(text string) (d Does) {
	rest := text
	var l lexeme
	for ok := true; ok; {
		if l, rest, ok = next(rest); !ok || l.kind != 'w' {
			continue
		}
		switch strings.ToLower(l.text) {
		case "redirect":
			if to := firstString(rest); len(d.Redirects) < maxRedirects && !slices.Contains(d.Redirects, to) {
				d.Redirects = append(d.Redirects, to)
			}
		case "vacation":
			d.Vacation = true
		case "reject", "ereject":
			d.Refuses = true
		case "fileinto":
			d.Files = true
		case "discard":
			d.Discards = true
		case "notify":
			d.Notifies = true
		}
	}
	return d
}

// firstString is the command's address: its last string, behind tags such as :copy.
func firstString(rest string) (last string) {
	last = "an address that is not readable"
	for range 20 {
		var l lexeme
		var ok bool
		if l, rest, ok = next(rest); !ok || l.kind == ';' || l.kind == '{' {
			return last
		}
		if l.kind == 's' {
			last = l.text
		}
	}
	return last
}

// next reads one lexeme (RFC 5228 8.1). ok is false at the end.
func next(s string) (l lexeme, rest string, ok bool) {
	for s != "" {
		switch c := s[0]; {
		case c == '#':
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s[2:], "*/")
		case c == '"':
			text, rest := quotedText(s[1:])
			return lexeme{text, 's'}, rest, true
		case isWord(c) || c == ':':
			n := 1
			for n < len(s) && (isWord(s[n]) || s[n] >= '0' && s[n] <= '9') {
				n++
			}
			if strings.EqualFold(s[:n], "text") && n < len(s) && s[n] == ':' {
				text, rest := multiline(s[n+1:])
				return lexeme{text, 's'}, rest, true
			}
			kind := byte('w')
			if c == ':' {
				kind = ':'
			}
			return lexeme{s[:n], kind}, s[n:], true
		case c > ' ':
			return lexeme{s[:1], c}, s[1:], true
		default:
			s = s[1:]
		}
	}
	return lexeme{}, "", false
}

func isWord(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func quotedText(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// multiline reads the text behind "text:", up to a line with a single dot.
func multiline(s string) (text, rest string) {
	_, s, _ = strings.Cut(s, "\n")
	for i := 0; i < len(s); {
		line, _, more := strings.Cut(s[i:], "\n")
		if strings.TrimSuffix(line, "\r") == "." {
			return s[:i], s[i+1:]
		}
		if !more {
			break
		}
		i += len(line) + 1
	}
	return s, ""
}
