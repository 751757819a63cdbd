package pending

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crossfade/store"
)

// Set is a store.Txn: reads fall through to what lies below, writes stay in memory until taken. A set that is
// not written any more may be read by many at once.
type Set struct {
	below store.Reader
	wrote map[string]write
	bytes int
}

// write is a value or a deletion.
type write struct {
	value   []byte
	deleted bool
}

// New returns an empty set over below.
func New(below store.Reader) *Set { return &Set{below: below, wrote: make(map[string]write)} }

// Over returns the same writes over something else.
func (s *Set) Over(below store.Reader) *Set {
	return &Set{below: below, wrote: s.wrote, bytes: s.bytes}
}

// Len is the number of keys written.
func (s *Set) Len() int { return len(s.wrote) }

// Bytes is the size of all keys and values written.
func (s *Set) Bytes() int { return s.bytes }

// Get implements store.Reader.
func (s *Set) Get(key []byte) ([]byte, error) {
	w, ok := s.wrote[string(key)]
	switch {
	case !ok:
		return s.below.Get(key)
	case w.deleted:
		return nil, store.ErrNotFound
	}
	return w.value, nil
}

// Set implements store.Txn.
func (s *Set) Set(key, value []byte) error {
	if len(value) > store.MaxValue {
		return fmt.Errorf("%w: a value of %d bytes", store.ErrTooBig, len(value))
	}
	return s.put(key, write{value: bytes.Clone(value)})
}

// Delete implements store.Txn.
func (s *Set) Delete(key []byte) error { return s.put(key, write{deleted: true}) }

func (s *Set) put(key []byte, w write) error {
	if len(key) == 0 || len(key) > store.MaxKey {
		return fmt.Errorf("%w: a key of %d bytes", store.ErrTooBig, len(key))
	}
	old, had := s.wrote[string(key)]
	size, n := s.bytes+len(w.value)-len(old.value), len(s.wrote)
	if !had {
		size += len(key)
		n++
	}
	if size > store.MaxUpdate || n > store.MaxRecords {
		return fmt.Errorf("%w: %d keys, %d bytes", store.ErrTooBig, n, size)
	}
	s.bytes = size
	s.wrote[string(key)] = w
	return nil
}

// Scan implements store.Reader: two ordered sequences become one, the written one winning. It shows the writes
// that were there when it began.
func (s *Set) Scan(prefix []byte, each func(key, value []byte) error) error {
	keys := s.keys(string(prefix))
	wrote := make([]write, len(keys))
	for i, k := range keys {
		wrote[i] = s.wrote[k]
	}
	i := 0
	tell := func() error {
		k, w := keys[i], wrote[i]
		i++
		if w.deleted {
			return nil
		}
		return each([]byte(k), w.value)
	}
	err := s.below.Scan(prefix, func(key, value []byte) error {
		for i < len(keys) && keys[i] < string(key) {
			if err := tell(); err != nil {
				return err
			}
		}
		if i < len(keys) && keys[i] == string(key) {
			return tell()
		}
		return each(key, value)
	})
	for err == nil && i < len(keys) {
		err = tell()
	}
	return err
}

// keys are the written keys that begin with prefix, in order.
func (s *Set) keys(prefix string) []string {
	var keys []string
	for k := range s.wrote {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// Each calls f for everything written, in ascending order of keys.
func (s *Set) Each(f func(key, value []byte, deleted bool) error) error {
	for _, k := range slices.Sorted(maps.Keys(s.wrote)) {
		w := s.wrote[k]
		if err := f([]byte(k), w.value, w.deleted); err != nil {
			return err
		}
	}
	return nil
}

// Take moves the writes of t, which lies over s, into s. The bounds of one update do not count here.
func (s *Set) Take(t *Set) {
	for k, w := range t.wrote {
		old, had := s.wrote[k]
		s.bytes += len(w.value) - len(old.value)
		if !had {
			s.bytes += len(k)
		}
		s.wrote[k] = w
	}
}
