package badger

import (
	"github.com/dgraph-io/badger/v4"

	"crossfade/store"
	"crossfade/store/internal/pending"
)

// batch is a number of updates that are committed together.
type batch struct {
	snap  *badger.Txn    // what is on the disk
	under *pending.Set   // the batch that is being committed just now, nil if none; lies over snap
	view  *pending.Set   // all writes of this batch, over that
	parts []*pending.Set // the same writes, no part larger than Badger takes
	done  chan struct{}  // closed when the batch is on the disk, or is not
	err   error          // readable once done
}

// Bounds of a part. Badger takes 15 % of a memtable, in bytes with some more for each key, and one key for each
// 96 bytes of that (txn.go, checkSize).
const (
	partBytes   = memTable * 14 / 100
	partRecords = partBytes / 100
	perRecord   = 16
)

func newBatch(snap *badger.Txn) *batch {
	return &batch{snap: snap, view: pending.New(reader{snap}), done: make(chan struct{})}
}

// idle tells whether everything that a reader of this batch sees is on the disk.
func (b *batch) idle() bool { return b.under == nil && len(b.parts) == 0 }

// add adds the writes of one update; they stay in one part.
func (b *batch) add(writes *pending.Set) {
	b.view.Take(writes)
	if n := len(b.parts); n > 0 && fits(b.parts[n-1], writes) {
		b.parts[n-1].Take(writes)
		return
	}
	b.parts = append(b.parts, writes)
}

func fits(a, b *pending.Set) bool {
	n := a.Len() + b.Len()
	return n <= partRecords && a.Bytes()+b.Bytes()+n*perRecord <= partBytes
}

// seal ends the batch for more updates and returns the next one, which lies over it and over a snapshot that was
// taken before its commit.
func (b *batch) seal(snap *badger.Txn) *batch {
	b.snap.Discard()
	under := b.view.Over(reader{snap})
	return &batch{snap: snap, under: under, view: pending.New(under), done: make(chan struct{})}
}

// rest puts the batch on a snapshot that holds all that was under it.
func (b *batch) rest(snap *badger.Txn) {
	b.snap.Discard()
	b.snap, b.under = snap, nil
	b.view = b.view.Over(reader{snap})
}

// reader is one snapshot of Badger.
type reader struct{ txn *badger.Txn }

func (r reader) Get(key []byte) ([]byte, error) {
	item, err := r.txn.Get(key)
	if err == badger.ErrKeyNotFound {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

func (r reader) Scan(prefix []byte, each func(key, value []byte) error) error {
	it := r.txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	for it.Seek(prefix); it.ValidForPrefix(prefix); it.Next() {
		item := it.Item()
		if err := item.Value(func(value []byte) error { return each(item.Key(), value) }); err != nil {
			return err
		}
	}
	return nil
}
