package maildir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Folder is one Maildir.
type Folder struct {
	dir      string
	files    map[message]string // names in cur
	keywords []string           // by letter
	learned  bool               // keywords that the file does not have yet
}

// message is what a file's name says of it.
type message struct{ validity, uid uint32 }

// Message says what is written.
type Message struct {
	UIDValidity, UID uint32
	Size             int64 // bytes of the body
	Date             time.Time
	Flags            []string // system flags and keywords
}

const keywordsFile = "dovecot-keywords"

var shape = regexp.MustCompile(`^-?\d+\.V(\d+)U(\d+)\.crossfade,S=(\d+)(?::2,([A-Za-z]*))?$`)

// Open makes a Maildir, or reads what one has. Files that were cut short do not count.
func Open(dir string) (*Folder, error) {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	f := &Folder{dir: dir, files: make(map[message]string)}
	entries, err := os.ReadDir(filepath.Join(dir, "cur"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p := shape.FindStringSubmatch(e.Name())
		if p == nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if size, err := strconv.ParseInt(p[3], 10, 64); err != nil || info.Size() != size {
			continue
		}
		validity, err1 := strconv.ParseUint(p[1], 10, 32)
		uid, err2 := strconv.ParseUint(p[2], 10, 32)
		if err1 == nil && err2 == nil {
			f.files[message{uint32(validity), uint32(uid)}] = e.Name()
		}
	}
	return f, f.readKeywords()
}

// Has lists the messages of a UIDVALIDITY that are there, ascending.
func (f *Folder) Has(validity uint32) (uids []uint32) {
	for m := range f.files {
		if m.validity == validity {
			uids = append(uids, m.uid)
		}
	}
	slices.Sort(uids)
	return uids
}

// Put writes a message and returns its path below the Maildir. Exactly m.Size bytes must come.
func (f *Folder) Put(m Message, body io.Reader) (string, error) {
	base := fmt.Sprintf("%d.V%dU%d.crossfade,S=%d", m.Date.Unix(), m.UIDValidity, m.UID, m.Size)
	temp := filepath.Join(f.dir, "tmp", base)
	if err := write(temp, m, body); err != nil {
		return "", errors.Join(err, ignoreMissing(os.Remove(temp)))
	}
	return f.name(m, base, temp)
}

func write(path string, m Message, body io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, body)
	if err == nil && n != m.Size {
		err = fmt.Errorf("%d bytes came of %d: %w", n, m.Size, io.ErrUnexpectedEOF)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Chtimes(path, m.Date, m.Date)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Mark gives a message that is there its present flags, and returns its path below the Maildir.
func (f *Folder) Mark(m Message) (string, error) {
	old, ok := f.files[message{m.UIDValidity, m.UID}]
	if !ok {
		return "", os.ErrNotExist
	}
	base, _, _ := strings.Cut(old, ":2,")
	return f.name(m, base, filepath.Join(f.dir, "cur", old))
}

// name gives a finished file the name that says its flags.
func (f *Folder) name(m Message, base, from string) (string, error) {
	letters, err := f.letters(m.Flags)
	if err != nil {
		return "", err
	}
	to := base + ":2," + letters
	if path := filepath.Join(f.dir, "cur", to); path != from {
		if err := os.Rename(from, path); err != nil {
			return "", err
		}
	}
	f.files[message{m.UIDValidity, m.UID}] = to
	return filepath.Join("cur", to), nil
}

// Close makes the names durable.
func (f *Folder) Close() error {
	var errs []error
	for _, dir := range []string{filepath.Join(f.dir, "cur"), f.dir} {
		d, err := os.Open(dir)
		if err == nil {
			err = errors.Join(d.Sync(), d.Close())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
