package mailsort

import (
	"crypto/sha256"
	"strings"
)

// ID stands for a Message-ID: the first half of the SHA-256 of its normal form, in which quotes that are not needed and
// white space do not count (RFC 5256, REFERENCES).
type ID [16]byte

// nextID returns the first message id in s and what stands behind it. An id is <left@right>; anything else is passed over.
func nextID(s string) (id ID, rest string, ok bool) {
	for {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return ID{}, "", false
		}
		text, end, ok := normalID(s[at+1:])
		s = s[at+1+end:]
		if ok {
			sum := sha256.Sum256(text)
			return ID(sum[:]), s, true
		}
	}
}

// normalID reads an id behind its opening bracket, up to and with the closing one, or up to another opening one. end is how
// much was read.
func normalID(s string) (text []byte, end int, ok bool) {
	text = make([]byte, 0, 80)
	quoted, at := false, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted && i+1 < len(s):
			i++
			text = append(text, s[i])
		case c == '"':
			quoted = !quoted
		case quoted:
			text = append(text, c)
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		case c == '<':
			return nil, i, false
		case c == '>':
			return text, i + 1, at > 0 && at < len(text)-1
		default:
			if c == '@' {
				at = len(text)
			}
			text = append(text, c)
		}
	}
	return nil, len(s), false
}

// maxReferences is how many references of one message count. A mail program's own are a few dozen; each costs four bytes
// as long as the folder's threads are known, and twenty the first time it is met.
const maxReferences = 200

// references are the ids that a message names before its own, in order: those of References, or else the first of
// In-Reply-To (RFC 5256, REFERENCES step 1).
func references(refs, replyTo string) (out []ID) {
	for id, rest, ok := nextID(refs); ok; id, rest, ok = nextID(rest) {
		if len(out) == maxReferences { // the first stays
			copy(out[1:], out[2:])
			out = out[:maxReferences-1]
		}
		out = append(out, id)
	}
	if len(out) > 0 {
		return out
	}
	if id, _, ok := nextID(replyTo); ok {
		out = append(out, id)
	}
	return out
}
