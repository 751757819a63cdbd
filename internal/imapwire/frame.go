package imapwire

import (
	"io"
	"strconv"
)

// Frame is one command or response held in memory. Raw is its wire form without the final line end; literals
// stand in it as {n}CRLF and n bytes, so a Scanner can walk over it and spans of it can be passed on.
type Frame struct {
	Raw []byte
}

// Scanner returns a scanner at the start of the frame.
func (f *Frame) Scanner() *Scanner { return NewScanner(f.Raw) }

// ReadFrame reads one whole frame. See Collect.
func (r *Reader) ReadFrame(f *Frame, accept func(*Literal) error) error {
	text, lit, err := r.Next()
	if err != nil {
		return err
	}
	return r.Collect(f, text, lit, accept)
}

// Collect reads the rest of a frame whose first piece Next has returned, and puts all of it into f, whose
// buffer is used again. accept, if not nil, is called before each literal is read: that is where a server
// sends the continuation a synchronising literal waits for. When it returns an error, or when a literal or the
// frame is over its limit (*LimitError), the frame is refused as Literal.Refuse describes.
func (r *Reader) Collect(f *Frame, text []byte, lit *Literal, accept func(*Literal) error) error {
	f.Raw = append(f.Raw[:0], text...)
	for lit != nil {
		if err := r.checkLiteral(f, lit); err != nil {
			return refuse(lit, err)
		}
		if accept != nil {
			if err := accept(lit); err != nil {
				return refuse(lit, err)
			}
		}
		if err := f.addLiteral(lit); err != nil {
			return err
		}
		var err error
		if text, lit, err = r.Next(); err != nil {
			return err
		}
		if int64(len(f.Raw)+len(text)) > r.lim.Frame {
			return refuse(lit, &LimitError{What: "frame", Limit: r.lim.Frame, Head: head(f.Raw), Sync: r.isSync(lit)})
		}
		f.Raw = append(f.Raw, text...)
	}
	return nil
}

func (r *Reader) isSync(lit *Literal) bool { return lit != nil && !lit.NonSync && !r.responses }

func (r *Reader) checkLiteral(f *Frame, lit *Literal) error {
	if lit.Size > r.lim.Literal {
		return &LimitError{What: "literal", Limit: r.lim.Literal, Head: head(f.Raw), Sync: r.isSync(lit)}
	}
	if int64(len(f.Raw))+lit.Size > r.lim.Frame {
		return &LimitError{What: "frame", Limit: r.lim.Frame, Head: head(f.Raw), Sync: r.isSync(lit)}
	}
	return nil
}

// refuse drops the rest of the frame and returns why, or the error that made dropping impossible.
func refuse(lit *Literal, why error) error {
	if lit == nil {
		return why
	}
	if err := lit.Refuse(); err != nil {
		return err
	}
	return why
}

func (f *Frame) addLiteral(lit *Literal) error {
	f.Raw = AppendMarker(f.Raw, lit.Size, false, lit.Binary)
	n := len(f.Raw)
	f.Raw = append(f.Raw, make([]byte, lit.Size)...)
	_, err := io.ReadFull(lit, f.Raw[n:])
	if err == io.EOF && lit.Size == 0 {
		err = nil
	}
	return err
}

// AppendMarker appends the marker of a literal of n bytes, with its line end.
func AppendMarker(b []byte, n int64, nonSync, binary bool) []byte {
	if binary {
		b = append(b, '~')
	}
	b = strconv.AppendInt(append(b, '{'), n, 10)
	if nonSync {
		b = append(b, '+')
	}
	return append(b, "}\r\n"...)
}
