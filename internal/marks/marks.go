package marks

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"sync"

	"crossfade/internal/durable"
)

// ErrDamaged: the file cannot be believed.
var ErrDamaged = errors.New("damaged")

// Account is what is known of one account. A login name may hold any bytes, so the key is kept as bytes.
type Account struct {
	Key     []byte `json:"account"`
	High    uint32 `json:"high,omitempty"`    // greatest UIDVALIDITY ever shown
	Settled bool   `json:"settled,omitempty"` // shown under the destination's own identity
	Closed  bool   `json:"closed,omitempty"`  // its source is watched no more
}

// line is one fact: a generation or an account.
type line struct {
	Generation uint64 `json:"generation,omitempty"`
	*Account
}

// File is the marks of one state. It is safe for concurrent use.
type File struct {
	fsys durable.FS
	path string

	mu         sync.Mutex
	generation uint64
	accounts   map[string]Account
	anew       bool // the file is not as it should be: the next change writes it whole
}

// Open reads the marks. found is false if there is no file; it is made with the first change. ErrDamaged comes with
// empty marks that may be used all the same.
func Open(fsys durable.FS, path string) (f *File, found bool, err error) {
	f = &File{fsys: fsys, path: path, accounts: map[string]Account{}, anew: true}
	data, err := durable.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if err := f.read(data); err != nil {
		f.generation, f.accounts = 0, map[string]Account{}
		return f, true, fmt.Errorf("%s: %w", path, err)
	}
	return f, true, nil
}

// read takes the file's lines in.
func (f *File) read(data []byte) error {
	for n := 1; len(data) > 0; n++ {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		l, err := decode(text)
		switch {
		case err != nil && len(rest) == 0 && n > 1:
			return nil // cut off while it was written
		case err != nil || !whole:
			return fmt.Errorf("%w: line %d", ErrDamaged, n)
		}
		if f.generation = max(f.generation, l.Generation); l.Account != nil {
			f.accounts[string(l.Key)] = *l.Account
		}
		data = rest
	}
	return nil
}

func encode(l line) ([]byte, error) {
	text, err := json.Marshal(l)
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(text), text), err
}

func decode(text []byte) (l line, err error) {
	sum, text, ok := bytes.Cut(text, []byte(" "))
	if !ok || string(sum) != fmt.Sprintf("%08x", crc32.ChecksumIEEE(text)) {
		return l, ErrDamaged
	}
	return l, json.Unmarshal(text, &l)
}

// Generation is the last one that was noted, 0 if none was.
func (f *File) Generation() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.generation
}

// Accounts lists all accounts by key.
func (f *File) Accounts() []Account {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sorted()
}

func (f *File) sorted() []Account {
	all := make([]Account, 0, len(f.accounts))
	for _, a := range f.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Account) int { return cmp.Compare(string(a.Key), string(b.Key)) })
	return all
}

// Account tells what is known of an account.
func (f *File) Account(key string) (Account, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.accounts[key]
	return a, ok
}

// SetGeneration notes a generation that is in the store already.
func (f *File) SetGeneration(n uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n <= f.generation && !f.anew {
		return nil
	}
	before := f.generation
	f.generation = max(before, n)
	if err := f.write(line{Generation: f.generation}); err != nil {
		f.generation = before
		return err
	}
	return nil
}

// Raise makes an account known and notes that its clients are about to be shown a UIDVALIDITY, 0 for none.
func (f *File) Raise(key string, uidValidity uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, known := f.accounts[key]
	if known && before.High >= uidValidity {
		return nil
	}
	before.Key, before.High = []byte(key), max(before.High, uidValidity)
	return f.change(before)
}

// Settle notes that an account is shown under the destination's own identity.
func (f *File) Settle(key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reach(key, false)
}

// Close notes that an account's source is watched no more: it is the destination's alone.
func (f *File) Close(key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reach(key, true)
}

// reach notes that an account has settled, or is closed, too; the caller holds mu.
func (f *File) reach(key string, closed bool) error {
	before := f.accounts[key]
	if before.Settled && (before.Closed || !closed) {
		return nil
	}
	before.Key, before.Settled, before.Closed = []byte(key), true, before.Closed || closed
	return f.change(before)
}

// change makes what is known of an account durable; the caller holds mu.
func (f *File) change(a Account) error {
	key := string(a.Key)
	before, known := f.accounts[key]
	f.accounts[key] = a
	err := f.write(line{Account: &a})
	switch {
	case err == nil:
	case known:
		f.accounts[key] = before
	default:
		delete(f.accounts, key)
	}
	return err
}

// write makes a change durable; the caller holds mu and has made it in memory.
func (f *File) write(l line) error {
	if f.anew {
		err := f.rewrite()
		f.anew = err != nil
		return err
	}
	text, err := encode(l)
	if err == nil {
		err = durable.AppendFile(f.fsys, f.path, text, 0o600)
	}
	f.anew = err != nil // a part of the line may be there
	return err
}

// rewrite writes the whole file.
func (f *File) rewrite() error {
	all, err := encode(line{Generation: f.generation})
	for _, a := range f.sorted() {
		text, lineErr := encode(line{Account: &a})
		all, err = append(all, text...), errors.Join(err, lineErr)
	}
	if err != nil {
		return err
	}
	return durable.WriteFile(f.fsys, f.path, all, 0o600)
}
