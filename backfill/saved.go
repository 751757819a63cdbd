package backfill

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"crossfade/backfill/spool"
	"crossfade/internal/durable"
	"crossfade/store"
)

const (
	// savedBytes is how much mail in quarantine is saved unless Options say otherwise.
	savedBytes = 4 << 30
	// savedRoom is what must stay free on the disk: the state has to go on.
	savedRoom = 512 << 20
)

// QuarantineOptions say where the bytes of messages in quarantine are saved. The zero value saves nothing.
type QuarantineOptions struct {
	Dir   string       // "": they are not saved
	Bytes int64        // of all accounts, default 4 GiB
	Room  func() int64 // free bytes on that disk; nil: not known
	FS    durable.FS   // nil: the operating system's
}

// errNoRoom says that the bytes of a message are not saved: they are on the source only.
var errNoRoom = errors.New("no room to save the message's bytes")

// savedMail keeps the bytes of messages in quarantine, so that they outlive the source. A file is named after what
// is in it and stands in its account's directory; the quarantine record names the file. It is written before the
// record, and removed some time after the last record that names it.
type savedMail struct {
	fsys  durable.FS
	dir   string // "": nothing is saved
	limit int64
	room  func() int64 // free bytes on the disk; nil: not known

	// busy is held for reading from the saving of bytes until the record that names them is committed, and for writing
	// while files without a record are swept.
	busy sync.RWMutex

	mu   sync.Mutex
	used int64 // bytes in files, -1 until they were counted
}

func newSavedMail(o QuarantineOptions) *savedMail {
	s := &savedMail{fsys: o.FS, dir: o.Dir, limit: o.Bytes, room: o.Room, used: -1}
	if s.fsys == nil {
		s.fsys = durable.OS{}
	}
	if s.limit <= 0 {
		s.limit = savedBytes
	}
	return s
}

// savedName names the bytes of a message.
func savedName(s *spool.Message) string {
	return fmt.Sprintf("%s-%d", hex.EncodeToString(s.Hash[:]), s.Size)
}

// savedSize is the size that a name tells, or -1.
func savedSize(name string) int64 {
	_, size, ok := strings.Cut(name, "-")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || n < 0 {
		return -1
	}
	return n
}

func (s *savedMail) accountDir(acc store.AccountID) string {
	return filepath.Join(s.dir, strconv.FormatUint(uint64(acc), 10))
}

func (s *savedMail) path(acc store.AccountID, name string) string {
	return filepath.Join(s.accountDir(acc), name+".eml")
}

// save makes the bytes of a message durable and returns their name. The caller holds busy for reading until the record
// that names them is committed.
func (s *savedMail) save(acc store.AccountID, m *spool.Message) (string, error) {
	if s.dir == "" {
		return "", nil
	}
	name := savedName(m)
	if err := s.reserve(m.Size); err != nil {
		return "", err
	}
	if s.has(acc, name) { // a twin, or refused again
		s.grow(-m.Size)
		return name, nil
	}
	err := durable.MkdirAll(s.fsys, s.accountDir(acc), 0o700)
	if err == nil {
		err = durable.Write(s.fsys, s.path(acc, name), 0o600, func(w io.Writer) error {
			r, err := m.Open()
			if err != nil {
				return err
			}
			n, err := io.Copy(w, r)
			if err == nil && n != m.Size {
				err = io.ErrUnexpectedEOF
			}
			return errors.Join(err, r.Close())
		})
	}
	if err != nil {
		s.grow(-m.Size)
		return "", err
	}
	return name, nil
}

// reserve takes room for a message.
func (s *savedMail) reserve(size int64) error {
	if s.room != nil && s.room()-size < savedRoom {
		return errNoRoom
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used < 0 {
		var err error
		if s.used, err = s.count(); err != nil {
			s.used = -1
			return err
		}
	}
	if s.used+size > s.limit {
		return fmt.Errorf("%w: the limit of %d bytes is reached", errNoRoom, s.limit)
	}
	s.used += size
	return nil
}

// count adds up what is there; the caller holds mu.
func (s *savedMail) count() (n int64, err error) {
	dirs, err := s.fsys.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, d := range dirs {
		if err != nil || !d.IsDir() {
			continue
		}
		dir := filepath.Join(s.dir, d.Name())
		if err = durable.Sweep(s.fsys, dir); err != nil { // of an earlier run: nobody writes there yet
			continue
		}
		var files []fs.DirEntry
		files, err = s.fsys.ReadDir(dir)
		for _, f := range files {
			n += max(savedSize(strings.TrimSuffix(f.Name(), ".eml")), 0)
		}
	}
	return n, err
}

func (s *savedMail) grow(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used >= 0 {
		s.used += n
	}
}

// has tells whether bytes are saved.
func (s *savedMail) has(acc store.AccountID, name string) bool {
	r, err := s.open(acc, name)
	if err != nil {
		return false
	}
	_ = r.Close() // it was not read
	return true
}

// open gives the bytes back.
func (s *savedMail) open(acc store.AccountID, name string) (io.ReadCloser, error) {
	if s.dir == "" || savedSize(name) < 0 || !filepath.IsLocal(name) {
		return nil, fs.ErrNotExist
	}
	return s.fsys.Open(s.path(acc, name))
}

// sweep removes some of an account's files; the caller holds busy for writing and knows that no record names them.
func (s *savedMail) sweep(acc store.AccountID, names map[string]bool) (err error) {
	for name := range names {
		if !s.has(acc, name) {
			continue
		}
		if gone := durable.Remove(s.fsys, s.path(acc, name)); gone != nil {
			err = errors.Join(err, gone)
			continue
		}
		s.grow(-savedSize(name))
	}
	return err
}
