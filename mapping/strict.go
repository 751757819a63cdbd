package mapping

import "strings"

// plainSigns are the signs of ASCII that no server is known to refuse in a name, where they are not its separator.
const plainSigns = " -_.,()+@=&'"

// EscapeStrictly is EscapeSegment for a destination that refuses a name: signs of ASCII that some servers do not take (Cyrus
// refuses quotes, braces, "%", "<" and others) and blanks at the ends are escaped, too. UnescapeSegment gives the segment
// back, so no two segments have one spelling, whether both are strict or one is.
func EscapeStrictly(segment, separator string) string { return escapeSegment(segment, separator, true) }

// refusable tells of a sign that a server may refuse in a name.
func refusable(r rune) bool {
	return ' ' <= r && r < 0x7f && !alphanumeric(r) && !strings.ContainsRune(plainSigns, r)
}

func alphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}

// Strict spells one level of a destination's path strictly; limit is how many bytes it may have, 0 for LongestName. It is the
// name itself if there is nothing in it that a server may refuse.
func Strict(name, separator string, limit int) string {
	if i := strings.Index(name, shortMark); i >= 0 && len(name) == i+len(shortMark)+shortDigits { // what it stood for is not known here
		return name
	}
	strict := EscapeStrictly(UnescapeSegment(name), separator)
	if strict == EscapeSegment(UnescapeSegment(name), separator) {
		return name
	}
	if limit == 0 {
		limit = LongestName
	}
	return Shorten(strict, limit)
}

// strictly gives children whose names the destination refuses a strict spelling.
func (p *planner) strictly(s *spot) {
	for _, k := range s.kids {
		if name := p.spelled(s, k.name); name != k.name && !k.pinned {
			k.rename(name, refusedName)
			k.strict = true
		}
	}
}

// spelled is how a name below s is spelt: strictly if the destination was seen to refuse it, or has such a folder and none of
// the plain name: then it refused that when the folder was made.
func (p *planner) spelled(s *spot, name string) string {
	strict := Strict(name, p.sep, p.limit())
	there := func(name string) bool { return p.above.find(p.final(join(s.path(), name))) != nil }
	if strict == name || there(name) || !p.refused[name] && !there(strict) {
		return name
	}
	return strict
}

// refusedName is why a name is spelt strictly.
const refusedName = "the destination refuses that name"
