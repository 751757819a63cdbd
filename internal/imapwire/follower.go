package imapwire

import "bytes"

// Follower watches responses that somebody else passes on, cut anywhere, and tells where one ends. It frames them as a
// response Reader does. The zero value stands before the first one.
type Follower struct {
	left    int64 // bytes of the current literal that have not passed
	inFrame bool  // behind a literal
	partial bool  // behind the first bytes of a line, which head and tail hold
	head    []byte
	tail    []byte
}

// headMax is enough to tell a status response from others.
const headMax = 24

// Feed takes the next bytes.
func (f *Follower) Feed(p []byte) {
	for len(p) > 0 {
		if f.left > 0 {
			n := min(f.left, int64(len(p)))
			f.left -= n
			p = p[n:]
			continue
		}
		i := bytes.IndexByte(p, '\n')
		switch {
		case i < 0:
			f.keep(p)
			return
		case f.partial:
			f.keep(p[:i])
			f.line(f.head, f.tail)
			f.partial, f.head, f.tail = false, f.head[:0], f.tail[:0]
		case i >= 2 && (p[i-1] == '}' || p[i-2] == '}'):
			f.line(p[:i], p[:i])
		default:
			f.inFrame = false
		}
		p = p[i+1:]
	}
}

// keep takes a part of a line.
func (f *Follower) keep(b []byte) {
	f.partial = true
	if n := headMax - len(f.head); n > 0 {
		f.head = append(f.head, b[:min(n, len(b))]...)
	}
	if len(b) < markerMax {
		if n := len(f.tail) + len(b) - markerMax; n > 0 {
			f.tail = append(f.tail[:0], f.tail[n:]...)
		}
	} else {
		f.tail, b = f.tail[:0], b[len(b)-markerMax:]
	}
	f.tail = append(f.tail, b...)
}

// line takes a line whose first and last bytes are known.
func (f *Follower) line(first, last []byte) {
	if !f.inFrame && !mayHoldLiteral(bytes.TrimSuffix(first, []byte("\r"))) {
		return
	}
	_, f.left, _, f.inFrame = cutMarker(bytes.TrimSuffix(last, []byte("\r")))
}

// Between tells whether the last byte ended a response.
func (f *Follower) Between() bool { return f.left == 0 && !f.inFrame && !f.partial }

// Literal is how many bytes of the current literal have not passed.
func (f *Follower) Literal() int64 { return f.left }

// Skip takes bytes of the current literal that nobody looks at; no more than Literal.
func (f *Follower) Skip(n int64) { f.left -= min(n, f.left) }
