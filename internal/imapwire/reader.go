package imapwire

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// Sizes of the read buffer. An idle Reader holds only the small array inside itself.
const (
	idleBuffer  = 128
	firstBuffer = 4 << 10
	bulkBuffer  = 32 << 10
)

// Reader cuts a byte stream into frames. It is not safe for concurrent use.
type Reader struct {
	src       io.Reader
	lim       Limits
	responses bool

	idle       [idleBuffer]byte
	buf        []byte // buf[start:end] is read but not used
	start, end int

	lit     *Literal // the current literal, perhaps not fully read
	inFrame bool     // a piece of the current frame has been returned
	err     error    // sticky: the stream cannot be framed any more
}

// NewReader reads the commands that a client sends.
func NewReader(src io.Reader, l Limits) *Reader {
	return &Reader{src: src, lim: l.orDefaults()}
}

// Limit changes the limits from the next frame on.
func (r *Reader) Limit(l Limits) { r.lim = l.orDefaults() }

// NewResponseReader reads the responses that a server sends. Only untagged data responses can hold literals;
// status responses, continuations and tagged lines end in human text (RFC 3501 7.1), whatever it looks like.
func NewResponseReader(src io.Reader, l Limits) *Reader {
	r := NewReader(src, l)
	r.responses = true
	return r
}

// Next returns the next piece of the current frame, or the first of the next: text up to the line end, or up
// to a literal marker, both removed. lit is nil when the frame ends with this piece. text is valid until the
// next call, and stays valid while lit is read. A literal not fully read is drained first; a server that
// refuses a synchronising literal must call Literal.Refuse instead, since its bytes will never come.
//
// Errors: io.EOF between frames, io.ErrUnexpectedEOF inside one, *LimitError after which the next call starts
// a new frame, or the stream's own error.
func (r *Reader) Next() (text []byte, lit *Literal, err error) {
	if r.err != nil {
		return nil, nil, r.err
	}
	if r.lit != nil {
		if err := r.lit.Drain(); err != nil {
			return nil, nil, err
		}
		r.lit = nil
	}
	line, err := r.line()
	if err != nil {
		return nil, nil, r.lineError(err)
	}
	if r.responses && !r.inFrame && !mayHoldLiteral(line) {
		return line, nil, nil
	}
	text, size, flags, ok := cutMarker(line)
	if !ok {
		r.inFrame = false
		return line, nil, nil
	}
	r.inFrame = true
	r.lit = &Literal{Size: size, NonSync: flags.nonSync, Binary: flags.binary, r: r, left: size}
	return text, r.lit, nil
}

// lineError turns the end of the stream into the right error and remembers it. After a deadline or an
// over-long line the stream can still be read.
func (r *Reader) lineError(err error) error {
	if errors.Is(err, io.EOF) && r.inFrame {
		err = io.ErrUnexpectedEOF
	}
	if !resumable(err) {
		r.err = err
	}
	return err
}

func resumable(err error) bool {
	var le *LimitError
	return errors.As(err, &le) || errors.Is(err, os.ErrDeadlineExceeded)
}

// ReadLine reads one line as it is, without looking for a literal: an answer to a continuation request
// (AUTHENTICATE, IDLE). It must not be called inside a frame.
func (r *Reader) ReadLine() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	line, err := r.line()
	if err != nil {
		return nil, r.lineError(err)
	}
	return line, nil
}

// Buffered returns how many bytes have been read from the stream and not been used. A server that sees
// more input waiting need not flush its answers yet.
func (r *Reader) Buffered() int { return r.end - r.start }

// Release gives the buffer back when nothing waits in it. Call it before a long wait.
func (r *Reader) Release() {
	if r.start == r.end {
		r.buf, r.start, r.end = nil, 0, 0
	}
}

// line returns the next line without CRLF or LF. An over-long line is read to its end and dropped, with the
// literals behind it.
func (r *Reader) line() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(r.buf[r.start+seen:r.end], '\n'); i >= 0 {
			n := seen + i
			line := r.buf[r.start : r.start+n : r.start+n]
			r.start += n + 1
			if len(line) > r.lim.Line {
				return nil, r.dropFrame(head(line), line)
			}
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		seen = r.end - r.start
		if seen > r.lim.Line {
			return nil, r.dropLine()
		}
		if err := r.fill(); err != nil {
			if seen > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}

// dropLine reads an over-long line to its end, keeping the few bytes that may be a literal marker.
func (r *Reader) dropLine() error {
	first := head(r.buf[r.start:r.end])
	var tail []byte
	for {
		chunk := r.buf[r.start:r.end]
		i := bytes.IndexByte(chunk, '\n')
		if i >= 0 {
			chunk = chunk[:i]
		}
		tail = append(tail, chunk[max(0, len(chunk)-markerMax):]...)
		tail = tail[max(0, len(tail)-markerMax):]
		if i >= 0 {
			r.start += i + 1
			return r.dropFrame(first, tail)
		}
		r.start = r.end
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// dropFrame drops what belongs to a frame whose line, ending in tail, was too long.
func (r *Reader) dropFrame(first, tail []byte) error {
	le := &LimitError{What: "line", Limit: int64(r.lim.Line), Head: first}
	continued := r.inFrame
	r.inFrame = false
	if r.responses && !continued && !mayHoldLiteral(first) {
		return le
	}
	_, size, flags, ok := cutMarker(bytes.TrimSuffix(tail, []byte("\r")))
	if !ok {
		return le
	}
	r.inFrame = true
	r.lit = &Literal{Size: size, NonSync: flags.nonSync, r: r, left: size}
	le.Sync = !flags.nonSync && !r.responses
	if err := r.lit.Refuse(); err != nil {
		return err
	}
	return le
}

// fill reads more bytes behind buf[end], making room first. It returns an error only if nothing was read.
func (r *Reader) fill() error {
	if r.start == r.end {
		r.start, r.end = 0, 0
	}
	if r.end == len(r.buf) {
		r.grow()
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		if n < 0 || n > len(r.buf)-r.end {
			return io.ErrNoProgress
		}
		r.end += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// grow makes room at the end of the buffer: by moving the bytes to the front, else by a larger buffer.
func (r *Reader) grow() {
	if used := r.end - r.start; r.start > len(r.buf)/2 && len(r.buf) >= bulkBuffer {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, used
		return
	}
	var next []byte
	switch n := len(r.buf); {
	case n == 0:
		next = r.idle[:]
	case n < firstBuffer:
		next = make([]byte, firstBuffer)
	case n < bulkBuffer:
		next = make([]byte, bulkBuffer)
	default:
		next = make([]byte, 2*n)
	}
	used := copy(next, r.buf[r.start:r.end])
	r.buf, r.start, r.end = next, 0, used
}
