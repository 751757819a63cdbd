package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of a name, in bytes of the longer one of its two spellings on the wire: UTF-8, and modified UTF-7 (RFC 3501
// 5.1.3), which servers store in one file name or the other.
const (
	LongestName  = 255 // of one level, where nothing is known: what file systems hold
	ShortestName = 40  // no limit is taken for less
)

// shortMark begins what stands for the end of a name; EscapeSegment makes no "=" before a "~".
const shortMark = "=~"

// shortDigits is how many digits of a hash follow it.
const shortDigits = 10

// NameLength is how many bytes a server may need for one level of a name.
func NameLength(name string) int { return max(len(name), utf7Length(name)) }

// utf7Length is the length in modified UTF-7.
func utf7Length(name string) int {
	n, units := 0, 0 // units: of UTF-16, in the run that is open
	end := func() {
		if units > 0 {
			n += 2 + (16*units+5)/6
			units = 0
		}
	}
	for _, r := range name {
		switch {
		case r < ' ' || r > '~':
			units += len(utf16.AppendRune(nil, r))
			continue
		case r == '&':
			n++
		}
		end()
		n++
	}
	end()
	return n
}

// Shorten spells a name in at most limit bytes ([NameLength]): what there is no room for becomes "=~" and ten digits of
// a hash of the whole name, so that long names that begin alike stay apart and one name is always spelt the same. It is
// cut between characters as people see them, and not within an escape. A name that fits stays.
func Shorten(name string, limit int) string {
	return cut(name, max(limit, ShortestName))
}

// cut is Shorten for any limit that has room for the hash.
func cut(name string, limit int) string {
	if NameLength(name) <= limit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := shortMark + hex.EncodeToString(sum[:])[:shortDigits]
	end := 0
	for at := range name { // in steps of what may end a name
		if NameLength(name[:at])+len(tail) > limit {
			break
		}
		if divides(name, at) {
			end = at
		}
	}
	return name[:end] + tail
}

// divides tells whether a name may be cut at a position: not before what belongs to the character before (marks,
// joiners, variation selectors, skin tones, Hangul vowels, the second half of a flag) nor in an escape.
func divides(name string, at int) bool {
	next, _ := utf8.DecodeRuneInString(name[at:])
	last, n := utf8.DecodeLastRuneInString(name[:at])
	switch {
	case unicode.Is(unicode.M, next), next == '\u200d', last == '\u200d', '\U0001f3fb' <= next && next <= '\U0001f3ff',
		'\U000e0020' <= next && next <= '\U000e007f', '\u1160' <= next && next <= '\u11ff':
		return false
	case flagLetter(next) && flagLetter(last):
		before := 0
		for s := name[:at]; ; before++ {
			r, n := utf8.DecodeLastRuneInString(s)
			if !flagLetter(r) {
				break
			}
			s = s[:len(s)-n]
		}
		return before%2 == 0
	case at >= 1 && isEscape(name[at-1:]), at >= 2 && isEscape(name[at-2:]):
		return false
	}
	return n > 0 || at == 0
}

// flagLetter tells of the letters two of which make a flag.
func flagLetter(r rune) bool { return '\U0001f1e6' <= r && r <= '\U0001f1ff' }

// limit is how many bytes one level of a name on the destination may have.
func (p *planner) limit() int {
	if p.longest == 0 {
		return LongestName
	}
	return max(p.longest, ShortestName)
}

// fit puts an ending behind a name and shortens the name so that both fit.
func (p *planner) fit(name, ending string) string {
	if NameLength(name+ending) <= p.limit() {
		return name + ending
	}
	return cut(name, p.limit()-len(ending)) + ending
}

// shorten gives children whose names the destination cannot hold a shorter spelling, but for folders that it has already.
// What lies above has its last name by then.
func (p *planner) shorten(s *spot) {
	for _, k := range s.kids {
		if !k.pinned && NameLength(k.name) > p.limit() && p.above.find(p.final(k.path())) == nil {
			k.rename(Shorten(k.name, p.limit()), "the name is too long there")
		}
	}
}
