package imap

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// decoder undoes a Content-Transfer-Encoding (RFC 2045 6). ok is false if it is not known. What is broken in the text is
// passed over as RFC 2045 advises: a client that asks for bytes gets those that can be made out.
func decoder(encoding string, r io.Reader) (decoded io.Reader, ok bool) {
	switch strings.ToUpper(encoding) {
	case "", "7BIT", "8BIT", "BINARY":
		return r, true
	case "BASE64":
		return &base64Reader{src: bufio.NewReader(r)}, true
	case "QUOTED-PRINTABLE":
		return &quotedReader{src: bufio.NewReader(r)}, true
	}
	return nil, false
}

// base64Reader decodes base64 up to its padding; other characters than those of the alphabet do not count (RFC 2045 6.8).
type base64Reader struct {
	src  *bufio.Reader
	bits uint32
	n    uint // bits that wait
	end  error
}

// Read implements io.Reader.
func (b *base64Reader) Read(p []byte) (n int, err error) {
	for n < len(p) && b.end == nil {
		c, err := b.src.ReadByte()
		switch v := sixBits(c); {
		case err != nil:
			b.end = err
		case c == '=':
			b.end = io.EOF
		case v < 64:
			b.bits = b.bits<<6 | v
			if b.n += 6; b.n >= 8 {
				b.n -= 8
				p[n] = byte(b.bits >> b.n)
				n++
			}
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, b.end
}

// sixBits is the value of a character of the alphabet; 64 for others.
func sixBits(c byte) uint32 {
	switch {
	case c >= 'A' && c <= 'Z':
		return uint32(c - 'A')
	case c >= 'a' && c <= 'z':
		return uint32(c-'a') + 26
	case c >= '0' && c <= '9':
		return uint32(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return 64
}

// quotedReader decodes quoted-printable line by line (RFC 2045 6.7).
type quotedReader struct {
	src *bufio.Reader
	out []byte
	end error
}

// Read implements io.Reader.
func (q *quotedReader) Read(p []byte) (int, error) {
	for len(q.out) == 0 && q.end == nil && len(p) > 0 {
		line, err := q.src.ReadSlice('\n') // a line longer than the buffer comes in pieces
		q.out = unquote(line)
		if err != bufio.ErrBufferFull {
			q.end = err
		} else if cut := bytes.LastIndexByte(line, '='); cut >= 0 && cut > len(line)-3 {
			q.out = append(unquote(line[:cut]), q.rejoin(line[cut:])...)
		}
	}
	n := copy(p, q.out)
	if q.out = q.out[n:]; n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, q.end
}

// rejoin decodes an escape that the end of the buffer cut.
func (q *quotedReader) rejoin(escape []byte) []byte {
	escape = append([]byte(nil), escape...)
	for len(escape) < 3 {
		c, err := q.src.ReadByte()
		if err != nil {
			q.end = err
			break
		}
		escape = append(escape, c)
	}
	return unquote(escape)
}

// unquote decodes one line: blanks at its end are transport's, = there joins it to the next.
func unquote(line []byte) []byte {
	text := bytes.TrimSuffix(line, []byte("\n"))
	eol := line[len(text):]
	if len(eol) > 0 && bytes.HasSuffix(text, []byte("\r")) {
		text, eol = text[:len(text)-1], line[len(text)-1:]
	}
	if len(eol) > 0 {
		text = bytes.TrimRight(text, " \t")
		if rest, soft := bytes.CutSuffix(text, []byte("=")); soft {
			text, eol = rest, nil
		}
	}
	out := make([]byte, 0, len(line))
	for i := 0; i < len(text); i++ {
		if text[i] == '=' && i+2 < len(text) {
			if hi, lo := hex(text[i+1]), hex(text[i+2]); hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return append(out, eol...)
}

// hex is the value of a hexadecimal digit; 16 for others.
func hex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

// holdsNUL tells whether there is a NUL among the bytes, reading all of them.
func holdsNUL(r io.Reader) (bool, error) {
	var buf [4096]byte
	found := false
	for {
		n, err := r.Read(buf[:])
		found = found || bytes.IndexByte(buf[:n], 0) >= 0
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return false, err
		}
	}
}
