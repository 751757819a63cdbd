package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// File is one mbox file that grows.
type File struct {
	file, index *os.File
	end         int64 // of the last whole message
	has         map[message]bool
}

type message struct{ validity, uid uint32 }

// Message says what is written.
type Message struct {
	UIDValidity, UID uint32
	Size             int64 // bytes of the body as it comes
	Date             time.Time
}

// Open makes a file, or goes on behind the last whole message of one.
func Open(path string) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f := &File{has: make(map[message]bool)}
	var err error
	if f.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	if f.index, err = os.OpenFile(path+".index", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, errors.Join(err, f.file.Close())
	}
	if err := f.resume(); err != nil {
		return nil, errors.Join(err, f.file.Close(), f.index.Close())
	}
	return f, nil
}

// resume cuts off what was not finished.
func (f *File) resume() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(f.index)
	if err != nil {
		return err
	}
	good := int64(0)
	for line := range bytes.Lines(text) {
		var m message
		var end int64
		if n, err := fmt.Sscanf(string(line), "%d %d %d\n", &m.validity, &m.uid, &end); err != nil || n != 3 || line[len(line)-1] != '\n' || end <= f.end || end > info.Size() {
			break
		}
		f.end, f.has[m] = end, true
		good += int64(len(line))
	}
	for _, x := range []struct {
		file *os.File
		end  int64
	}{{f.file, f.end}, {f.index, good}} {
		if err := x.file.Truncate(x.end); err != nil {
			return err
		}
		if _, err := x.file.Seek(x.end, io.SeekStart); err != nil {
			return err
		}
	}
	return nil
}

// Has lists the messages of a UIDVALIDITY that are there, ascending.
func (f *File) Has(validity uint32) (uids []uint32) {
	for m := range f.has {
		if m.validity == validity {
			uids = append(uids, m.uid)
		}
	}
	slices.Sort(uids)
	return uids
}

// Put adds a message, unless it is there. Exactly m.Size bytes must come; after an error the file is as it was.
func (f *File) Put(m Message, body io.Reader) error {
	id := message{m.UIDValidity, m.UID}
	if f.has[id] {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	end, err := f.write(m, body)
	if err == nil {
		_, err = fmt.Fprintf(f.index, "%d %d %d\n", m.UIDValidity, m.UID, end)
	}
	if err != nil {
		_, seek := f.file.Seek(f.end, io.SeekStart)
		return errors.Join(err, f.file.Truncate(f.end), seek)
	}
	f.end, f.has[id] = end, true
	return nil
}

func (f *File) write(m Message, body io.Reader) (int64, error) {
	w := bufio.NewWriterSize(f.file, 64<<10)
	fmt.Fprintf(w, "From MAILER-DAEMON %s\n", m.Date.UTC().Format(time.ANSIC)) // an error sticks to w
	counted := &counter{r: body}
	if err := quote(w, bufio.NewReaderSize(counted, 64<<10)); err != nil {
		return 0, err
	}
	if counted.n != m.Size {
		return 0, fmt.Errorf("%d bytes came of %d: %w", counted.n, m.Size, io.ErrUnexpectedEOF)
	}
	if err := errors.Join(w.WriteByte('\n'), w.Flush()); err != nil {
		return 0, err
	}
	return f.file.Seek(0, io.SeekCurrent)
}

// Close makes all of it durable.
func (f *File) Close() error {
	return errors.Join(f.file.Sync(), f.index.Sync(), f.file.Close(), f.index.Close())
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
