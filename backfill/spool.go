package backfill

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"

	"crossfade/mapping"
)

const (
	// spoolInMemory is the size up to which a body stays in memory on its way; larger ones go to a file.
	spoolInMemory = 1 << 20
	// headerKept is how much of a body is looked through for its Message-ID.
	headerKept = 64 << 10
)

// spooled is one message read from a server once: its bytes, in memory or in a file without a name.
type spooled struct {
	size  int64
	hash  [16]byte
	msgID mapping.MessageID
	mem   []byte
	file  *os.File
	free  func() // gives the memory back
}

// spool reads a body whole. The backfill waits until the bytes in flight leave room; a client does not wait,
// its messages go to a file then.
func (e *Engine) spool(ctx context.Context, size int64, body io.Reader) (*spooled, error) {
	if size > spoolInMemory || !IsBackground(ctx) && !e.memory.TryAcquire(size) {
		return e.spoolFile(size, body)
	}
	if IsBackground(ctx) {
		if err := e.memory.Acquire(ctx, size); err != nil {
			return nil, err
		}
	}
	s := &spooled{size: size, mem: make([]byte, size), free: func() { e.memory.Release(size) }}
	if _, err := io.ReadFull(body, s.mem); err != nil {
		s.close()
		return nil, cut(err)
	}
	sum := sha256.Sum256(s.mem)
	s.hash = [16]byte(sum[:16])
	s.msgID = mapping.MessageIDFromHeader(headerOf(s.mem))
	return s, nil
}

// spoolFile keeps a large body in a file that is removed at once: it goes with the process.
func (e *Engine) spoolFile(size int64, body io.Reader) (*spooled, error) {
	file, err := e.spools.Create(size)
	if err != nil {
		return nil, err
	}
	s := &spooled{size: size, file: file, free: func() { e.spools.Drop(file, size) }}
	sum, head := sha256.New(), &prefix{max: headerKept}
	n, err := io.Copy(io.MultiWriter(file, sum, head), io.LimitReader(body, size))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		s.close()
		return nil, cut(err)
	}
	s.hash = [16]byte(sum.Sum(nil)[:16])
	s.msgID = mapping.MessageIDFromHeader(headerOf(head.b))
	return s, nil
}

// open gives the bytes from the start; it can be called again for another try.
func (s *spooled) open() (io.ReadCloser, error) {
	if s.file != nil {
		return io.NopCloser(io.NewSectionReader(s.file, 0, s.size)), nil
	}
	return io.NopCloser(bytes.NewReader(s.mem)), nil
}

func (s *spooled) close() {
	if s.free != nil {
		s.free()
		s.free = nil
	}
	s.mem = nil
}

// cut makes a body that ended early what it is: never a shorter message.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// headerOf cuts the header block off a message.
func headerOf(b []byte) []byte {
	b = b[:min(len(b), headerKept)]
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
