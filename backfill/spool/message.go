package spool

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"

	"crossfade/mapping"
)

// HeaderKept is how much of a message is looked through for its Message-ID, in bytes.
const HeaderKept = 64 << 10

// Message is one message read from a server once: its bytes, in memory or in a file without a name.
type Message struct {
	Size  int64
	Hash  [16]byte // the first half of the bytes' SHA-256
	MsgID mapping.MessageID

	mem  []byte
	file *os.File
	free func() // gives the memory back
}

// Sum reads a message for what is known of it by its bytes, and keeps none of them: it cannot be opened.
func Sum(r io.Reader) (*Message, error) {
	m := &Message{}
	n, err := m.sum(r, io.Discard)
	m.Size = n
	return m, err
}

// fill reads the body into mem.
func (m *Message) fill(body io.Reader) (*Message, error) {
	if _, err := io.ReadFull(body, m.mem); err != nil && m.Size > 0 {
		m.Close()
		return nil, Cut(err)
	}
	sum := sha256.Sum256(m.mem)
	m.Hash = [16]byte(sum[:16])
	m.MsgID = mapping.MessageIDFromHeader(HeaderOf(m.mem))
	return m, nil
}

// sum notes the hash and the Message-ID of what goes through to out.
func (m *Message) sum(r io.Reader, out io.Writer) (int64, error) {
	sum, head := sha256.New(), &prefix{max: HeaderKept}
	n, err := io.Copy(io.MultiWriter(out, sum, head), r)
	m.Hash = [16]byte(sum.Sum(nil)[:16])
	m.MsgID = mapping.MessageIDFromHeader(HeaderOf(head.b))
	return n, err
}

// Open gives the bytes from the start; it can be called again for another try. What is in memory tells its Bytes.
func (m *Message) Open() (io.ReadCloser, error) {
	if m.file != nil {
		return io.NopCloser(io.NewSectionReader(m.file, 0, m.Size)), nil
	}
	return inMemory{bytes.NewReader(m.mem), m.mem}, nil
}

// inMemory is a body that need not be copied.
type inMemory struct {
	*bytes.Reader
	b []byte
}

func (inMemory) Close() error    { return nil }
func (m inMemory) Bytes() []byte { return m.b }

// Close gives the room back.
func (m *Message) Close() {
	if m.free != nil {
		m.free()
		m.free = nil
	}
	m.mem = nil
}

// Cut makes a body that ended early what it is: never a shorter message.
func Cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// HeaderOf cuts the header block off a message, or as much of it as is looked at.
func HeaderOf(b []byte) []byte {
	b = b[:min(len(b), HeaderKept)]
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
		return b[:i+2]
	}
	if i := bytes.Index(b, []byte("\n\n")); i >= 0 {
		return b[:i+1]
	}
	return b
}

// prefix keeps the first bytes written to it.
type prefix struct {
	b   []byte
	max int
}

func (p *prefix) Write(b []byte) (int, error) {
	if room := p.max - len(p.b); room > 0 {
		p.b = append(p.b, b[:min(room, len(b))]...)
	}
	return len(b), nil
}
