package store

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
)

// schema is the version of the records' layout that this code writes.
const schema = 1

// Errors of the typed layer.
var (
	// ErrCorrupt: a record cannot be read. Nothing is guessed from it.
	ErrCorrupt = errors.New("store: damaged record")
	// ErrNewer: the state was written by a later version of the program.
	ErrNewer = errors.New("store: written by a newer version of this program")
	// ErrTaken: another account has this key or login name.
	ErrTaken = errors.New("store: the name belongs to another account")
)

// Store keeps typed records in a KV. It is safe for concurrent use.
type Store struct {
	kv      KV
	updates atomic.Uint64
	unswept atomic.Bool // deleted folders may have left something behind
}

// Open takes over kv: a new one is given the schema version, one of a newer version is ErrNewer. What an earlier
// process left to be removed is removed.
func Open(kv KV) (*Store, error) {
	s := &Store{kv: kv}
	if err := s.checkSchema(); err != nil {
		return nil, err
	}
	switch err := s.sweep(); {
	case errors.Is(err, ErrFull): // what is there can be read, and the first update that succeeds sweeps
		s.unswept.Store(true)
	case err != nil:
		return nil, err
	}
	return s, nil
}

// checkSchema writes only to a store that is new: another can be opened on a full disk.
func (s *Store) checkSchema() error {
	err := s.kv.View(func(r Reader) error {
		value, err := r.Get([]byte{keySchema})
		if err != nil {
			return err
		}
		version, err := strconv.Atoi(string(value))
		switch {
		case err != nil || version < 1:
			return fmt.Errorf("%w: schema version %q", ErrCorrupt, value)
		case version > schema:
			return fmt.Errorf("%w: schema version %d, this one reads %d", ErrNewer, version, schema)
		}
		return nil
	})
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return s.kv.Update(func(txn Txn) error { return txn.Set([]byte{keySchema}, strconv.AppendInt(nil, schema, 10)) })
}

// View runs f on one unchanging snapshot.
func (s *Store) View(f func(*Rx) error) error {
	return s.kv.View(func(r Reader) error { return f(&Rx{r: r}) })
}

// Update runs f and keeps everything it wrote, or nothing when it returns an error. When Update returns nil it is
// on the disk. Any other error means that nothing is kept, unless the write itself failed: then the store has ended, and
// Room says so. Updates run one after the other: f must be quick, must not talk to a server, and must not call View or
// Update. One Update is bounded (MaxUpdate, MaxRecords; ErrTooBig): write a large folder some chunks at a time.
func (s *Store) Update(f func(*Tx) error) error {
	deleted := false
	err := s.kv.Update(func(txn Txn) error {
		tx := &Tx{Rx: Rx{r: txn}, txn: txn}
		err := f(tx)
		deleted = tx.deleted
		return err
	})
	if err != nil {
		return err
	}
	s.updates.Add(1)
	if deleted {
		s.unswept.Store(true)
	}
	// What f wrote is kept, whatever becomes of the sweep: one that fails is no error of this update. It leaves dead weight,
	// which the next update sweeps, or the next process.
	if s.unswept.CompareAndSwap(true, false) && s.sweep() != nil {
		s.unswept.Store(true)
	}
	return nil
}

// Updates counts those that were kept since Open: what has not changed meanwhile has the same count.
func (s *Store) Updates() uint64 { return s.updates.Load() }

// Room answers ErrFull when nothing can be written now, or with the error of the write that ended the store, so that what
// another server would have to be asked for first is not begun.
func (s *Store) Room() error {
	if r, ok := s.kv.(Roomy); ok {
		return r.Room()
	}
	return nil
}

// Size is what the state takes, in bytes.
func (s *Store) Size() int64 { return s.kv.Size() }

// Close closes the KV.
func (s *Store) Close() error { return s.kv.Close() }
