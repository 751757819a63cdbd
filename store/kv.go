package store

import (
	"errors"

	"crossfade/internal/durable"
)

// KV is a small ordered key-value store: the one thing an engine has to provide. Keys are ordered as bytes,
// 1 to MaxKey of them. All methods are safe for concurrent use.
type KV interface {
	// View runs f on one unchanging snapshot. The snapshot holds every Update that returned before View was called.
	View(f func(Reader) error) error
	// Update runs f and keeps all of its writes or, when f returns an error, none. Updates happen one after the
	// other: f sees what every earlier one wrote. When Update returns nil the writes are on the disk (fsynced).
	// f must not talk to a network, nor call View or Update: others wait for it.
	Update(f func(Txn) error) error
	// Size is what the data takes on the disk, in bytes; for an engine without one, in memory.
	Size() int64
	// Close ends the store; what was acknowledged stays. After it every call answers ErrClosed.
	Close() error
}

// Reader reads. Keys and values belong to the store and must not be changed; those that Scan hands out are
// valid during the call of each only.
type Reader interface {
	// Get returns the value of key, or ErrNotFound.
	Get(key []byte) ([]byte, error)
	// Scan calls each for every key that begins with prefix, in ascending order. An error of each ends the scan
	// and is returned. A Txn may write during its own scan; whether the scan still shows that is open.
	Scan(prefix []byte, each func(key, value []byte) error) error
}

// Txn reads, its own writes included, and writes. Key and value are copied.
type Txn interface {
	Reader
	// Set writes a value. ErrTooBig when the key, the value or the whole of the writes exceeds the bounds.
	Set(key, value []byte) error
	// Delete removes a key; one that is not there is no error.
	Delete(key []byte) error
}

// Roomy is what a KV may offer besides.
type Roomy interface {
	// Room answers ErrFull when an Update would be refused for that reason now, and why when no Update can succeed any more.
	Room() error
}

// Bounds that every engine keeps, so that what works in memory works on disk.
const (
	MaxKey     = 1 << 10 // bytes of one key
	MaxValue   = 1 << 18 // bytes of one value
	MaxUpdate  = 1 << 19 // bytes of all keys and values written by one Update
	MaxRecords = 1 << 12 // keys written by one Update
)

// Errors of every engine.
var (
	ErrNotFound = errors.New("store: no such record")
	ErrTooBig   = errors.New("store: too much for one update")
	ErrClosed   = errors.New("store: closed")
	ErrFull     = durable.ErrFull
)
