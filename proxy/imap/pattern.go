package imap

import "strings"

// pattern is a LIST pattern (RFC 3501 6.3.8): * matches anything, % anything but the separator.
type pattern struct {
	text, sep string
}

// maxPattern bounds what matching can cost, which is pattern times name.
const maxPattern = 1000

// matches tells whether the pattern matches the whole name. INBOX at the start of a name is matched without
// regard to case (RFC 3501 5.1).
//
// It keeps the set of places in the pattern that can be reached by what has been read of the name, so that no
// pattern can make it slow.
func (p pattern) matches(name string) bool {
	fold := inboxPrefix(name, p.sep)
	now, next := make([]bool, len(p.text)+1), make([]bool, len(p.text)+1)
	now[0] = true
	p.skip(now)
	for j := range len(name) {
		clear(next)
		cut := p.sep != "" && strings.HasPrefix(name[j:], p.sep)
		for i, on := range now[:len(p.text)] {
			if !on {
				continue
			}
			switch t := p.text[i]; {
			case t == '*', t == '%' && !cut:
				next[i] = true
			case t != '%' && same(t, name[j], j < fold):
				next[i+1] = true
			}
		}
		p.skip(next)
		now, next = next, now
	}
	return now[len(p.text)]
}

// skip lets wildcards match nothing.
func (p pattern) skip(reached []bool) {
	for i := range len(p.text) {
		if reached[i] && (p.text[i] == '*' || p.text[i] == '%') {
			reached[i+1] = true
		}
	}
}

// same compares two bytes, without regard to ASCII case if fold is true.
func same(a, b byte, fold bool) bool {
	return a == b || fold && a|0x20 == b|0x20 && a|0x20 >= 'a' && a|0x20 <= 'z'
}

const inbox = "INBOX"

// inboxPrefix returns how many bytes at the start of name are INBOX as the first level, in any case.
func inboxPrefix(name, sep string) int {
	if len(name) < len(inbox) || !strings.EqualFold(name[:len(inbox)], inbox) {
		return 0
	}
	if rest := name[len(inbox):]; rest == "" || sep != "" && strings.HasPrefix(rest, sep) {
		return len(inbox)
	}
	return 0
}

// spelled is a name as clients are told it: a destination that says Inbox must not make programs that know the old server's
// INBOX take it for another folder.
func spelled(name, sep string) string {
	if n := inboxPrefix(name, sep); n > 0 {
		return inbox + name[n:]
	}
	return name
}
