package imapwire

import (
	"fmt"
	"io"
	"math"
	"strconv"
)

// Writer collects output and sends it in large writes: at Flush, and whenever writeBuffer is full. The
// first error sticks; Flush and Err return it. It is not safe for concurrent use.
type Writer struct {
	dst io.Writer
	buf []byte
	err error

	nonSync int64
	leave   func() error
}

const writeBuffer = 32 << 10

// NewWriter writes as a server does: its literals need no leave.
func NewWriter(dst io.Writer) *Writer { return &Writer{dst: dst} }

// Literal sizes that a client may send without waiting, for Client.
const (
	NonSyncNone  int64 = 0             // no LITERAL+ or LITERAL-: every literal waits
	NonSyncMinus int64 = 4096          // LITERAL- (RFC 7888 5)
	NonSyncPlus  int64 = math.MaxInt64 // LITERAL+
)

// Client makes the writer announce literals as a client must: up to nonSync bytes as {n+}; larger ones as {n},
// flushed, and sent after leave has returned nil. leave reads the server's continuation; its error is that
// literal's error and does not stick, since a refusal leaves the connection usable.
func (w *Writer) Client(nonSync int64, leave func() error) { w.nonSync, w.leave = nonSync, leave }

// Err returns the first error.
func (w *Writer) Err() error { return w.err }

// Buffered returns how many bytes wait for Flush.
func (w *Writer) Buffered() int { return len(w.buf) }

// Release gives the buffer back when nothing waits in it.
func (w *Writer) Release() {
	if len(w.buf) == 0 {
		w.buf = nil
	}
}

// Flush sends what waits.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.dst.Write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

// Write implements io.Writer. Large pieces are not copied.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if len(w.buf)+len(p) > writeBuffer {
		if w.Flush() != nil {
			return 0, w.err
		}
		if len(p) >= writeBuffer {
			var n int
			n, w.err = w.dst.Write(p)
			return n, w.err
		}
	}
	w.buf = append(w.buf, p...)
	return len(p), nil
}

// WriteString adds text as it is.
func (w *Writer) WriteString(s string) (int, error) {
	if len(s) >= writeBuffer || len(w.buf)+len(s) > writeBuffer {
		return w.Write([]byte(s))
	}
	if w.err != nil {
		return 0, w.err
	}
	w.buf = append(w.buf, s...)
	return len(s), nil
}

// Number adds a decimal number.
func (w *Writer) Number(n uint64) {
	var a [20]byte
	_, _ = w.Write(strconv.AppendUint(a[:0], n, 10)) // the error sticks
}

// CRLF ends the frame.
func (w *Writer) CRLF() { _, _ = w.WriteString("\r\n") }

// String adds s as a quoted string, or as a literal if it holds what must not be quoted (RFC 3501 4.3).
func (w *Writer) String(s string) error {
	if !Quotable(s) {
		return w.LiteralBytes([]byte(s))
	}
	_, err := w.Write(AppendQuoted(nil, s))
	return err
}

// AString adds s as an atom if it can be one, else as String does. NIL is quoted.
func (w *Writer) AString(s string) error {
	if !IsAtom(s) {
		return w.String(s)
	}
	_, err := w.WriteString(s)
	return err
}

// LiteralBytes adds b as a literal.
func (w *Writer) LiteralBytes(b []byte) error {
	if err := w.marker(int64(len(b)), false); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// Literal adds exactly size bytes from r as a literal. When r ends early the stream cannot be mended: the error
// sticks and the connection must be closed. Bytes of r beyond size are not read.
func (w *Writer) Literal(size int64, binary bool, r io.Reader) error {
	if err := w.marker(size, binary); err != nil {
		return err
	}
	return w.Copy(size, r)
}

// Copy adds exactly size bytes from r, the marker having been written by the caller.
func (w *Writer) Copy(size int64, r io.Reader) error {
	for left := size; left > 0 && w.err == nil; {
		if len(w.buf) >= writeBuffer {
			if w.Flush() != nil {
				break
			}
		}
		if cap(w.buf)-len(w.buf) < int(min(left, 4<<10)) {
			if cap(w.buf) >= writeBuffer {
				_ = w.Flush() // the error sticks
				continue
			}
			grown := make([]byte, len(w.buf), writeBuffer)
			copy(grown, w.buf)
			w.buf = grown
		}
		room := w.buf[len(w.buf):min(cap(w.buf), writeBuffer)]
		if len(room) == 0 {
			_ = w.Flush() // the error sticks
			continue
		}
		n, err := r.Read(room[:min(left, int64(len(room)))])
		w.buf = w.buf[:len(w.buf)+n]
		left -= int64(n)
		if err != nil && left > 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			w.err = fmt.Errorf("literal of %d bytes, %d missing: %w", size, left, err)
		}
	}
	return w.err
}

// marker announces a literal and, where needed, waits for leave to send it.
func (w *Writer) marker(size int64, binary bool) error {
	plus := w.leave != nil && size <= w.nonSync
	_, err := w.Write(AppendMarker(nil, size, plus, binary))
	if err != nil || plus || w.leave == nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return w.leave()
}
