package quarantine

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
	// defaultBytes is how much mail in quarantine is saved unless Options say otherwise.
	defaultBytes = 4 << 30
	// leastRoom is what must stay free on the disk: the state has to go on.
	leastRoom = 512 << 20
)

// Options say where the bytes of messages in quarantine are saved. The zero value saves nothing.
type Options struct {
	Dir   string       // "": they are not saved
	Bytes int64        // of all accounts, default 4 GiB
	Room  func() int64 // free bytes on that disk; nil: not known
	FS    durable.FS   // nil: the operating system's
}

// ErrNoRoom says that the bytes of a message are not saved: they are on the source only.
var ErrNoRoom = errors.New("no room to save the message's bytes")

// Files keeps the bytes of messages in quarantine, so that they outlive the source. A file is named after what
// is in it and stands in its account's directory; the quarantine record names the file. It is written before the
// record, and removed some time after the last record that names it.
type Files struct {
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

// New makes the files of all accounts.
func New(o Options) *Files {
	s := &Files{fsys: o.FS, dir: o.Dir, limit: o.Bytes, room: o.Room, used: -1}
	if s.fsys == nil {
		s.fsys = durable.OS{}
	}
	if s.limit <= 0 {
		s.limit = defaultBytes
	}
	return s
}

// On tells whether anything is saved.
func (s *Files) On() bool { return s.dir != "" }

// Name names the bytes of a message.
func Name(m *spool.Message) string {
	return fmt.Sprintf("%s-%d", hex.EncodeToString(m.Hash[:]), m.Size)
}

// Size is the size that a name tells, or -1.
func Size(name string) int64 {
	_, size, ok := strings.Cut(name, "-")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || n < 0 {
		return -1
	}
	return n
}

func (s *Files) accountDir(acc store.AccountID) string {
	return filepath.Join(s.dir, strconv.FormatUint(uint64(acc), 10))
}

func (s *Files) path(acc store.AccountID, name string) string {
	return filepath.Join(s.accountDir(acc), name+".eml")
}

// Save makes the bytes of a message durable and returns their name. The caller holds the files
// until the record that names them is committed.
func (s *Files) Save(acc store.AccountID, m *spool.Message) (string, error) {
	if s.dir == "" {
		return "", nil
	}
	name := Name(m)
	if err := s.reserve(m.Size); err != nil {
		return "", err
	}
	if s.Has(acc, name) { // a twin, or refused again
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
func (s *Files) reserve(size int64) error {
	if s.room != nil && s.room()-size < leastRoom {
		return ErrNoRoom
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
		return fmt.Errorf("%w: the limit of %d bytes is reached", ErrNoRoom, s.limit)
	}
	s.used += size
	return nil
}

// count adds up what is there; the caller holds mu.
func (s *Files) count() (n int64, err error) {
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
			n += max(Size(strings.TrimSuffix(f.Name(), ".eml")), 0)
		}
	}
	return n, err
}

func (s *Files) grow(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used >= 0 {
		s.used += n
	}
}

// Has tells whether bytes are saved.
func (s *Files) Has(acc store.AccountID, name string) bool {
	r, err := s.Open(acc, name)
	if err != nil {
		return false
	}
	_ = r.Close() // it was not read
	return true
}

// Open gives the bytes back; fs.ErrNotExist if they are not saved.
func (s *Files) Open(acc store.AccountID, name string) (io.ReadCloser, error) {
	if s.dir == "" || Size(name) < 0 || !filepath.IsLocal(name) {
		return nil, fs.ErrNotExist
	}
	return s.fsys.Open(s.path(acc, name))
}

// Hold keeps files that no record names yet from being swept, until done.
func (s *Files) Hold() (done func()) {
	s.busy.RLock()
	return s.busy.RUnlock
}

// Sweep removes those of an account's files that unnamed lists while nobody saves: no record may name them.
func (s *Files) Sweep(acc store.AccountID, unnamed func() (map[string]bool, error)) error {
	s.busy.Lock()
	defer s.busy.Unlock()
	names, err := unnamed()
	if err != nil {
		return err
	}
	for name := range names {
		if !s.Has(acc, name) {
			continue
		}
		if gone := durable.Remove(s.fsys, s.path(acc, name)); gone != nil {
			err = errors.Join(err, gone)
			continue
		}
		s.grow(-Size(name))
	}
	return err
}
