package imapwire

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// Literal is a counted run of bytes inside a frame, read from the stream as the caller reads it.
type Literal struct {
	Size    int64 // bytes announced
	NonSync bool  // {n+}: the client sends the bytes without waiting (RFC 7888)
	Binary  bool  // ~{n}: literal8 (RFC 3516)

	r    *Reader
	left int64
}

// Read implements io.Reader. A stream that ends inside the literal is io.ErrUnexpectedEOF.
func (l *Literal) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	if l.r.start < l.r.end {
		n := copy(p, l.r.buf[l.r.start:l.r.end])
		l.r.start += n
		l.left -= int64(n)
		return n, nil
	}
	n, err := l.r.src.Read(p)
	l.left -= int64(n)
	if err == nil || l.left == 0 {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if !resumable(err) {
		l.r.err = err
	}
	return n, err
}

// Left returns how many bytes have not been read yet.
func (l *Literal) Left() int64 { return l.left }

// Drain reads and drops what is left of the literal.
func (l *Literal) Drain() error {
	if n := min(int64(l.r.Buffered()), l.left); n > 0 {
		l.r.start += int(n)
		l.left -= n
	}
	if l.left == 0 {
		return nil
	}
	_, err := io.Copy(io.Discard, l)
	return err
}

// Refuse ends the frame this literal belongs to, without obeying it. The bytes of a synchronising literal in a
// command are not waited for: the client was not given leave to send them (RFC 3501 7.5). Everything else up to
// the end of the frame is read and dropped.
func (l *Literal) Refuse() error {
	for lit := l; lit != nil; {
		if !lit.NonSync && !l.r.responses && lit.left == lit.Size {
			l.r.lit, l.r.inFrame = nil, false
			return nil
		}
		var err error
		var le *LimitError
		if _, lit, err = l.r.Next(); errors.As(err, &le) {
			return nil // the rest has been dropped with the over-long line
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// markerMax is enough for ~{, any reasonable number, +}, CR.
const markerMax = 48

// Marker reads the literal's announcement at the end of a line, which may have its line end: {n}, {n+}, ~{n} or ~{n+}. A size
// that does not fit is the largest.
func Marker(line []byte) (size int64, nonSync, found bool) {
	_, size, flags, found := cutMarker(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")))
	return size, flags.nonSync, found
}

type markerFlags struct{ nonSync, binary bool }

// cutMarker splits a literal marker off the end of a line. A number that does not fit is taken as the largest
// one, so that it is refused and never wraps round.
func cutMarker(line []byte) (text []byte, size int64, flags markerFlags, ok bool) {
	if len(line) < 3 || line[len(line)-1] != '}' {
		return nil, 0, flags, false
	}
	open := bytes.LastIndexByte(line, '{')
	if open < 0 {
		return nil, 0, flags, false
	}
	digits := line[open+1 : len(line)-1]
	if n := len(digits); n > 0 && digits[n-1] == '+' {
		flags.nonSync = true
		digits = digits[:n-1]
	}
	if len(digits) == 0 {
		return nil, 0, flags, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return nil, 0, flags, false
		}
		if size > (math.MaxInt64-9)/10 {
			size = math.MaxInt64 / 10
			continue
		}
		size = size*10 + int64(d-'0')
	}
	if open > 0 && line[open-1] == '~' {
		flags.binary = true
		open--
	}
	return line[:open], size, flags, true
}

// mayHoldLiteral tells whether a response that starts with line can hold a literal: an untagged one that is
// not a status response.
func mayHoldLiteral(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("*"))
	if !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " ")
	word := rest
	if i := bytes.IndexByte(rest, ' '); i >= 0 {
		word = rest[:i]
	}
	for _, s := range [...]string{"OK", "NO", "BAD", "BYE", "PREAUTH"} {
		if len(word) == len(s) && bytes.EqualFold(word, []byte(s)) {
			return false
		}
	}
	return true
}
