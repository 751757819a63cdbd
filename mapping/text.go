package mapping

import (
	"crypto/sha256"
	"hash"
)

// TextSum hashes what stands behind a message's header: two messages whose texts are equal are the same one if a server
// is known to rewrite headers or line ends. Every line end counts as one; those at the end do not count.
type TextSum struct {
	sum   hash.Hash
	text  bool // the header has ended
	line  int  // bytes in the header's line
	cr    bool // a CR waits for what follows
	ends  int  // line ends wait likewise
	ready []byte
}

// NewTextSum begins a hash.
func NewTextSum() *TextSum { return &TextSum{sum: sha256.New()} }

// Write takes the next bytes of the whole message, header included. It never fails.
func (t *TextSum) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case !t.text && c == '\n':
			t.text, t.line = t.line == 0, 0
		case !t.text:
			if c != '\r' {
				t.line++
			}
		case c == '\n':
			t.ends, t.cr = t.ends+1, false
		case c == '\r' && !t.cr:
			t.cr = true
		default:
			t.add(c)
		}
	}
	_, _ = t.sum.Write(t.ready) // never fails
	t.ready = t.ready[:0]
	return len(p), nil
}

// add takes a byte of a line, and what waited before it.
func (t *TextSum) add(c byte) {
	for ; t.ends > 0; t.ends-- {
		t.ready = append(t.ready, '\n')
	}
	if t.cr {
		t.ready, t.cr = append(t.ready, '\r'), false
	}
	t.ready = append(t.ready, c)
}

// Digest is the first half of the SHA-256.
func (t *TextSum) Digest() [16]byte { return [16]byte(t.sum.Sum(nil)[:16]) }
