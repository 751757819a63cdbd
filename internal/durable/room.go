package durable

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// ErrFull: what is to be written would take the last room of a disk. It comes before the disk itself says so.
var ErrFull = errors.New("the disk is almost full")

// IsFull tells whether the cause of an error is a disk, or a quota on it, without room.
func IsFull(err error) bool {
	return errors.Is(err, ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// Floor is how much of a disk stays free for what must go on when it is nearly full: the store's own housekeeping.
const Floor = 128 << 20

// CheckRoom answers ErrFull unless size bytes can be written to the disk that holds dir with floor bytes still free.
func CheckRoom(dir *os.File, size, floor int64) error {
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if free-size < floor {
		return fmt.Errorf("%w: %d MiB free, %d MiB needed: make room, all goes on by itself then", ErrFull, free>>20, (size+floor)>>20)
	}
	return nil
}

// Spool is a directory for files that go with the process: they have no name. It leaves the last of the disk's room to
// those who need it more.
type Spool struct {
	dir   string // "" is the system's
	floor int64

	mu       sync.Mutex
	promised int64 // bytes of the files that are open
}

// NewSpool makes a spool in a directory. A negative floor leaves the room to the disk.
func NewSpool(dir string, floor int64) *Spool {
	if dir == "" {
		dir = os.TempDir()
	}
	return &Spool{dir: dir, floor: floor}
}

// SetFloor changes how much of the disk stays free.
func (s *Spool) SetFloor(floor int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floor = floor
}

// Create makes a file for up to size bytes. Drop ends it.
func (s *Spool) Create(size int64) (*os.File, error) {
	if err := s.promise(size); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	f, err := os.CreateTemp(s.dir, "spool-*")
	if err != nil {
		s.release(size)
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		s.Drop(f, size)
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}

// promise sets room aside. What is promised may have been written already: that errs on the safe side.
func (s *Spool) promise(size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.floor >= 0 {
		dir, err := os.Open(s.dir)
		if err != nil {
			return err
		}
		defer dir.Close()
		if err := CheckRoom(dir, s.promised+size, s.floor); err != nil {
			return err
		}
	}
	s.promised += size
	return nil
}

func (s *Spool) release(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised -= size
}

// Drop closes a file of Create with that size and gives its room back.
func (s *Spool) Drop(f *os.File, size int64) {
	_ = f.Close() // it has no name any more; nothing is to be kept
	s.release(size)
}
