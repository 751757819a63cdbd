package spool

import (
	"context"
	"io"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"crossfade/store"
)

// slab holds the bodies of messages that follow each other. It goes back when the last of them is closed.
type slab struct {
	buf  [inMemoryMost]byte
	refs atomic.Int32
	free func()
}

func (s *slab) release() {
	if s.refs.Add(-1) == 0 {
		s.free()
	}
}

// Ahead is what one reader has read ahead of its writer, bounded in bytes: by a share of its own and by what all
// may hold together. Its messages lie in slabs that are used again, so that a million messages leave no garbage.
type Ahead struct {
	room    *Room
	account store.AccountID
	share   *semaphore.Weighted
	cur     *slab
	used    int
}

// NewAhead makes one reader of an account's mail.
func (r *Room) NewAhead(account store.AccountID) *Ahead {
	return &Ahead{room: r, account: account, share: semaphore.NewWeighted(r.share)}
}

// Read reads a body whole, as soon as there is room for it.
func (a *Ahead) Read(ctx context.Context, size int64, body io.Reader) (*Message, error) {
	if size > inMemoryMost {
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
	m := &Message{Size: size, mem: mem, free: a.cur.release}
	return m.fill(body)
}

// file waits for room on the disk.
func (a *Ahead) file(ctx context.Context, size int64, body io.Reader) (*Message, error) {
	a.Drop() // its messages must not wait for this one
	n := min(size, onDisk)
	if err := a.room.disk.Acquire(ctx, n); err != nil {
		return nil, err
	}
	m, err := a.room.readFile(size, body)
	if err != nil {
		a.room.disk.Release(n)
		return nil, err
	}
	free := m.free
	m.free = func() { free(); a.room.disk.Release(n) }
	return m, nil
}

// next takes another slab. What it waits for is always on its way: the slab before is let go first.
func (a *Ahead) next(ctx context.Context) error {
	a.Drop()
	if err := a.share.Acquire(ctx, inMemoryMost); err != nil {
		return err
	}
	if err := a.room.memory.acquire(ctx, a.account, inMemoryMost); err != nil {
		a.share.Release(inMemoryMost)
		return err
	}
	s, ok := a.room.slabs.Get().(*slab)
	if !ok {
		s = &slab{}
	}
	s.free = func() {
		a.room.slabs.Put(s)
		a.room.memory.release(a.account, inMemoryMost)
		a.share.Release(inMemoryMost)
	}
	s.refs.Store(1)
	a.cur, a.used = s, 0
	return nil
}

// Drop lets the slab in use go.
func (a *Ahead) Drop() {
	if a.cur != nil {
		a.cur.release()
	}
	a.cur = nil
}
