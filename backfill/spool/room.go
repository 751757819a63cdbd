package spool

import (
	"context"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"

	"crossfade/internal/durable"
)

const (
	// inMemoryMost is the size up to which a body stays in memory on its way; larger ones go to a file.
	inMemoryMost = 1 << 20
	// onDisk bounds the files that wait at a time, one larger message apart.
	onDisk = 1 << 30
	// shareLeast and shareMost bound the share that one folder's transfer has of the memory.
	shareLeast = 4 * inMemoryMost
	shareMost  = 16 * inMemoryMost
)

// Room is where messages lie on their way: so many bytes in memory, and files.
type Room struct {
	memory *budget
	disk   *semaphore.Weighted // bytes in files
	slabs  sync.Pool           // of *slab
	files  *durable.Spool
	share  int64 // how many bytes one folder's transfer may have in memory
}

// NewRoom makes room for so many bytes in memory, and for files. One message always finds room.
func NewRoom(memory int64, files *durable.Spool) *Room {
	return &Room{
		memory: newBudget(max(memory, inMemoryMost)), disk: semaphore.NewWeighted(onDisk), files: files,
		share: max(shareLeast, min(memory/8, shareMost)),
	}
}

// Bytes is how much may lie in memory.
func (r *Room) Bytes() int64 { return r.memory.size }

// InUse is how many bytes of memory are taken.
func (r *Room) InUse() int64 { return r.memory.inUse() }

// Batch bounds a batch, in bytes: one is appended, one is linked, one is collected, and reading goes on.
func (r *Room) Batch() int64 { return r.share / 4 }

// Read reads a single body of size bytes whole, into memory if there is room just now, else into a file: whoever holds
// several of them must not wait for himself. Many in a row go through an Ahead.
func (r *Room) Read(_ context.Context, size int64, body io.Reader) (*Message, error) {
	if size > inMemoryMost || !r.memory.try(size) {
		return r.readFile(size, body)
	}
	m := &Message{Size: size, mem: make([]byte, size), free: func() { r.memory.forget(size) }}
	return m.fill(body)
}

// readFile keeps a large body in a file that is removed at once: it goes with the process.
func (r *Room) readFile(size int64, body io.Reader) (*Message, error) {
	file, err := r.files.Create(size)
	if err != nil {
		return nil, err
	}
	m := &Message{Size: size, file: file, free: func() { r.files.Drop(file, size) }}
	n, err := m.sum(io.LimitReader(body, size), file)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		m.Close()
		return nil, Cut(err)
	}
	return m, nil
}
