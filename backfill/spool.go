package backfill

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"crossfade/mapping"
	"crossfade/store"
)

const (
	// spoolInMemory is the size up to which a body stays in memory on its way; larger ones go to a file.
	spoolInMemory = 1 << 20
	// spoolOnDisk bounds the files that wait at a time, one larger message apart.
	spoolOnDisk = 1 << 30
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

// spool reads a single body whole, into memory if there is room just now, else into a file: whoever holds several of
// them must not wait for himself. Many in a row go through ahead.
func (e *Engine) spool(_ context.Context, size int64, body io.Reader) (*spooled, error) {
	if size > spoolInMemory || !e.memory.try(size) {
		return e.spoolFile(size, body)
	}
	s := &spooled{size: size, mem: make([]byte, size), free: func() { e.memory.forget(size) }}
	return s.fill(body)
}

// fill reads the body into mem.
func (s *spooled) fill(body io.Reader) (*spooled, error) {
	if _, err := io.ReadFull(body, s.mem); err != nil && s.size > 0 {
		s.close()
		return nil, cut(err)
	}
	sum := sha256.Sum256(s.mem)
	s.hash = [16]byte(sum[:16])
	s.msgID = mapping.MessageIDFromHeader(headerOf(s.mem))
	return s, nil
}

// slab holds the bodies of messages that follow each other. It goes back when the last of them is closed.
type slab struct {
	buf  [spoolInMemory]byte
	refs atomic.Int32
	free func()
}

func (s *slab) release() {
	if s.refs.Add(-1) == 0 {
		s.free()
	}
}

// ahead is what one reader has read ahead of its writer, bounded in bytes: by a share of its own and by what all
// may hold together. Its messages lie in slabs that are used again, so that a million messages leave no garbage.
type ahead struct {
	e       *Engine
	account store.AccountID
	share   *semaphore.Weighted
	cur     *slab
	used    int
}

// Bounds of a share.
const (
	shareLeast = 4 * spoolInMemory
	shareMost  = 16 * spoolInMemory
)

// share is how many bytes one folder's transfer may have in memory.
func (e *Engine) share() int64 { return max(shareLeast, min(e.opt.MemoryBytes/8, shareMost)) }

// batchBytes bounds a batch: one is appended, one is linked, one is collected, and reading goes on.
func (e *Engine) batchBytes() int64 { return e.share() / 4 }

func (e *Engine) newAhead(account store.AccountID) *ahead {
	return &ahead{e: e, account: account, share: semaphore.NewWeighted(e.share())}
}

// spool reads a body whole, as soon as there is room for it.
func (a *ahead) spool(ctx context.Context, size int64, body io.Reader) (*spooled, error) {
	if size > spoolInMemory {
		return a.file(ctx, size, body)
	}
	if a.cur == nil || a.used+int(size) > len(a.cur.buf) {
		if err := a.next(ctx); err != nil {
			return nil, err
		}
	}
	mem := a.cur.buf[a.used : a.used+int(size) : a.used+int(size)]
	a.used += int(size)
	a.cur.refs.Add(1)
	s := &spooled{size: size, mem: mem, free: a.cur.release}
	return s.fill(body)
}

// file waits for room on the disk.
func (a *ahead) file(ctx context.Context, size int64, body io.Reader) (*spooled, error) {
	a.drop() // its messages must not wait for this one
	n := min(size, spoolOnDisk)
	if err := a.e.disk.Acquire(ctx, n); err != nil {
		return nil, err
	}
	s, err := a.e.spoolFile(size, body)
	if err != nil {
		a.e.disk.Release(n)
		return nil, err
	}
	free := s.free
	s.free = func() { free(); a.e.disk.Release(n) }
	return s, nil
}

// next takes another slab. What it waits for is always on its way: the slab before is let go first.
func (a *ahead) next(ctx context.Context) error {
	a.drop()
	if err := a.share.Acquire(ctx, spoolInMemory); err != nil {
		return err
	}
	if err := a.e.memory.acquire(ctx, a.account, spoolInMemory); err != nil {
		a.share.Release(spoolInMemory)
		return err
	}
	s, ok := a.e.slabs.Get().(*slab)
	if !ok {
		s = &slab{}
	}
	s.free = func() {
		a.e.slabs.Put(s)
		a.e.memory.release(a.account, spoolInMemory)
		a.share.Release(spoolInMemory)
	}
	s.refs.Store(1)
	a.cur, a.used = s, 0
	return nil
}

// drop lets the slab in use go.
func (a *ahead) drop() {
	if a.cur != nil {
		a.cur.release()
	}
	a.cur = nil
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
	return inMemory{bytes.NewReader(s.mem), s.mem}, nil
}

// inMemory is a body that need not be copied.
type inMemory struct {
	*bytes.Reader
	b []byte
}

func (inMemory) Close() error    { return nil }
func (m inMemory) Bytes() []byte { return m.b }

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
