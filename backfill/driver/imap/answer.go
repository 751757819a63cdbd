package imap

import (
	"bytes"
	"errors"
	"io"
	"os"

	"crossfade/internal/imapwire"
)

const (
	maxValue = 1 << 20 // an attribute's value with its inner literals, held in memory
	maxInner = 500     // literals inside one value
	maxHeld  = 1 << 20 // a literal that has to wait goes to a file beyond this
)

// answer reads one FETCH answer's attributes while they arrive.
type answer struct {
	c   *conn
	sc  *imapwire.Scanner
	lit *imapwire.Literal // behind what sc walks over
	end bool

	value bool // lit is the value of the attribute that was returned last
}

// att is one attribute. lit, if not nil, is its whole value and has to be read or drained before the next.
type att struct {
	name  string
	value []byte
	lit   *imapwire.Literal
}

// newAnswer starts behind the word FETCH.
func newAnswer(c *conn, text []byte, lit *imapwire.Literal) (*answer, error) {
	a := &answer{c: c, sc: imapwire.NewScanner(text), lit: lit}
	if !a.sc.Byte('(') {
		return nil, a.odd()
	}
	return a, nil
}

// next returns the next attribute; io.EOF after the last one; errOdd, the rest being dropped, if there is no
// making sense of it.
func (a *answer) next() (att, error) {
	if a.end {
		return att{}, io.EOF
	}
	if a.value { // the last attribute was a literal: go on behind it
		a.value = false
		text, err := a.piece()
		if err != nil {
			return att{}, err
		}
		a.sc.Reset(text)
	}
	a.sc.SP()
	if a.sc.Byte(')') || a.sc.End() && a.lit == nil {
		a.end = true
		if err := a.drain(); err != nil {
			return att{}, err
		}
		return att{}, io.EOF
	}
	name, ok := a.sc.AttName()
	if !ok {
		return att{}, a.odd()
	}
	out := att{name: string(name)}
	a.sc.SP()
	if a.sc.End() && a.lit != nil {
		out.lit, a.value = a.lit, true
		return out, nil
	}
	if out.value, ok = a.sc.Raw(); !ok {
		return a.nested(out)
	}
	return out, nil
}

// nested reads a value that has literals inside.
func (a *answer) nested(out att) (att, error) {
	buf := append([]byte(nil), a.sc.Rest()...)
	for range maxInner {
		if a.lit == nil || a.lit.Size > maxValue-int64(len(buf)) {
			return att{}, a.odd()
		}
		buf = imapwire.AppendMarker(buf, a.lit.Size, false, a.lit.Binary)
		n := len(buf)
		buf = append(buf, make([]byte, a.lit.Size)...)
		if _, err := io.ReadFull(a.lit, buf[n:]); err != nil && a.lit.Size > 0 {
			return att{}, a.c.fail(err)
		}
		text, err := a.piece()
		if err != nil {
			return att{}, err
		}
		buf = append(buf, text...)
		a.sc.Reset(buf)
		if v, ok := a.sc.Raw(); ok {
			out.value = v
			return out, nil
		}
	}
	return att{}, a.odd()
}

// piece reads the answer's next piece behind a literal.
func (a *answer) piece() ([]byte, error) {
	text, lit, err := a.c.wire.Next()
	var limit *imapwire.LimitError
	if errors.As(err, &limit) {
		a.lit, a.end = nil, true
		return nil, errOdd
	}
	if err != nil {
		return nil, a.c.fail(err)
	}
	a.lit = lit
	return text, nil
}

// drain reads and drops what is left of the answer.
func (a *answer) drain() error {
	a.end = true
	for a.lit != nil {
		if _, err := a.piece(); err != nil {
			return err
		}
	}
	return nil
}

// odd drops the rest and returns errOdd, or the error that broke the connection.
func (a *answer) odd() error {
	if err := a.drain(); err != nil {
		return err
	}
	return errOdd
}

// held is a literal that has been read aside.
type held struct {
	io.Reader
	size int64
	file *os.File
}

// hold reads a literal into memory, or into a temporary file if it is large.
func (c *conn) hold(lit *imapwire.Literal) (*held, error) {
	if lit.Size <= maxHeld {
		b := make([]byte, lit.Size)
		if _, err := io.ReadFull(lit, b); err != nil && lit.Size > 0 {
			return nil, c.fail(err)
		}
		return &held{Reader: bytes.NewReader(b), size: lit.Size}, nil
	}
	f, err := os.CreateTemp("", "crossfade-*.eml")
	if err != nil {
		return nil, err
	}
	h := &held{Reader: f, size: lit.Size, file: f}
	if _, err = io.Copy(f, &wireReader{c, lit}); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		h.free()
		return nil, err
	}
	return h, nil
}

// free gives up what hold made.
func (h *held) free() {
	if h == nil || h.file == nil {
		return
	}
	_ = h.file.Close() // it was only read
	_ = os.Remove(h.file.Name())
	h.file = nil
}

// wireReader reads a literal and notes when that breaks the connection.
type wireReader struct {
	c   *conn
	lit *imapwire.Literal
}

func (w *wireReader) Read(p []byte) (int, error) {
	n, err := w.lit.Read(p)
	if err != nil && err != io.EOF {
		_ = w.c.fail(err) // the caller gets the plain error
	}
	return n, err
}
