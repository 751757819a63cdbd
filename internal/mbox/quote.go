package mbox

import (
	"bufio"
	"errors"
	"io"
)

// quote copies a message in the form that it has in an mbox file. It ends with a line end, and holds little in memory
// however long a line is.
func quote(w *bufio.Writer, r *bufio.Reader) error {
	begin := true // of a line, or behind > at its beginning
	last := byte('\n')
	for {
		if begin {
			if head, _ := r.Peek(5); string(head) == "From " {
				if err := w.WriteByte('>'); err != nil {
					return err
				}
			}
		}
		c, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			if last != '\n' {
				return w.WriteByte('\n')
			}
			return nil
		}
		if err != nil {
			return err
		}
		if c == '\r' {
			if next, _ := r.Peek(1); len(next) == 1 && next[0] == '\n' {
				continue
			}
		}
		begin = c == '\n' || begin && c == '>'
		last = c
		if err := w.WriteByte(c); err != nil {
			return err
		}
	}
}
