package imap

import (
	"bytes"
	"io"
	"os"

	"crossfade/internal/durable"
)

// inMemory is the largest message that is kept in memory while it waits to be added; larger ones go to a file.
const inMemory = 256 << 10

// spool keeps one message's bytes so that they can be read as often as an APPEND has to be tried.
type spool struct {
	size     int64
	reserved int64 // on the disk
	mem      []byte
	file     *os.File // without a name, so that nothing stays behind after a crash
	room     *durable.Spool
}

// diskError is trouble with our own spool while the client goes on sending.
type diskError struct{ err error }

func (e *diskError) Error() string { return e.err.Error() }
func (e *diskError) Unwrap() error { return e.err }

// newSpool reads size bytes from r. A *diskError leaves r in the middle; other errors are r's.
func newSpool(room *durable.Spool, size int64, r io.Reader) (*spool, error) {
	s := &spool{size: size}
	if size <= inMemory {
		s.mem = make([]byte, size)
		_, err := io.ReadFull(r, s.mem)
		return s, err
	}
	f, err := room.Create(size)
	if err != nil {
		return nil, &diskError{err}
	}
	s.file, s.room, s.reserved = f, room, size
	if _, err := io.CopyN(diskWriter{f}, r, size); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// shrinkingSpool reads all of r, which gives most bytes at most.
func shrinkingSpool(room *durable.Spool, most int64, r io.Reader) (*spool, error) {
	s := &spool{}
	if most <= inMemory {
		var err error
		s.mem, err = io.ReadAll(r)
		s.size = int64(len(s.mem))
		return s, err
	}
	f, err := room.Create(most)
	if err != nil {
		return nil, &diskError{err}
	}
	s.file, s.room, s.reserved = f, room, most
	if s.size, err = io.Copy(diskWriter{f}, io.LimitReader(r, most)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// sized is the size; 0 of one that is not there.
func (s *spool) sized() int64 {
	if s == nil {
		return 0
	}
	return s.size
}

// diskWriter marks errors of writing.
type diskWriter struct{ w io.Writer }

// Write implements io.Writer.
func (d diskWriter) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err != nil {
		err = &diskError{err}
	}
	return n, err
}

// open returns a fresh reader of the message. Readers do not disturb each other.
func (s *spool) open() (io.ReadCloser, error) {
	if s.file != nil {
		return io.NopCloser(io.NewSectionReader(s.file, 0, s.size)), nil
	}
	return io.NopCloser(bytes.NewReader(s.mem)), nil
}

// holdsNUL tells whether there is a NUL in the message.
func (s *spool) holdsNUL() (bool, error) {
	r, err := s.open()
	if err != nil {
		return false, err
	}
	return holdsNUL(r)
}

// close frees the memory or the disk.
func (s *spool) close() {
	if s == nil {
		return
	}
	if s.file != nil {
		s.room.Drop(s.file, s.reserved)
	}
	s.mem, s.file = nil, nil
}
