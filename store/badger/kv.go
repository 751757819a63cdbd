package badger

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"crossfade/internal/durable"
	"crossfade/store"
	"crossfade/store/internal/pending"
)

// kv is the engine. Locks are taken in this order: life, commit, mu.
type kv struct {
	db      *badger.DB
	dir     *os.File
	minFree int64

	life   sync.RWMutex  // held for reading by every call, for writing by Close
	closed bool          // under life
	commit chan struct{} // a token: who holds it is committing a batch

	mu     sync.Mutex // held while an update's function runs, never while the disk is written
	open   *batch     // takes updates
	failed error      // the write that ended the store
}

func (k *kv) View(f func(store.Reader) error) error {
	k.life.RLock()
	defer k.life.RUnlock()
	if k.closed {
		return store.ErrClosed
	}
	if err := k.failure(); err != nil {
		return err
	}
	txn := k.db.NewTransaction(false)
	defer txn.Discard()
	return f(reader{txn})
}

func (k *kv) Update(f func(store.Txn) error) error {
	k.life.RLock()
	defer k.life.RUnlock()
	if k.closed {
		return store.ErrClosed
	}
	b, err := k.join(f)
	if err != nil || b == nil {
		return err
	}
	return k.flush(b)
}

// join runs f over everything written before it and adds its writes to the open batch. It returns no batch when
// nothing is left to be waited for.
func (k *kv) join(f func(store.Txn) error) (*batch, error) {
	if err := k.Room(); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed != nil {
		return nil, k.failed
	}
	writes := pending.New(k.open.view)
	if err := f(writes); err != nil {
		return nil, err
	}
	// What f has read may not be on the disk yet. So a function without writes waits too, unless nothing is under way.
	if writes.Len() == 0 && k.open.idle() {
		return nil, nil
	}
	k.open.add(writes)
	return k.open, nil
}

// flush returns when b is on the disk. Whoever comes first commits for all; the others wait or find it done.
func (k *kv) flush(b *batch) error {
	select {
	case <-b.done:
		return b.err
	case k.commit <- struct{}{}:
	}
	defer func() { <-k.commit }()
	select {
	case <-b.done:
		return b.err
	default:
	}
	k.mu.Lock()
	b.err = k.failed
	if b.err == nil {
		// No commit is under way, so taking a snapshot does not wait for one.
		k.open = b.seal(k.db.NewTransaction(false))
	}
	k.mu.Unlock()
	if b.err == nil {
		b.err = k.write(b)
		k.settle(b.err)
	}
	close(b.done)
	return b.err
}

// settle takes note of how a commit ended: the open batch rests on the disk again, or everything ends here.
func (k *kv) settle(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.failed = fmt.Errorf("store: an earlier write failed, start again: %w", err)
		return
	}
	k.open.rest(k.db.NewTransaction(false))
}

// write commits a batch. Each part is one transaction and one sync; there is more than one only when the batch
// exceeds what Badger takes at once.
func (k *kv) write(b *batch) error {
	for _, part := range b.parts {
		txn := k.db.NewTransaction(true)
		err := part.Each(func(key, value []byte, deleted bool) error {
			if deleted {
				return txn.Delete(key)
			}
			return txn.Set(key, value)
		})
		if err == nil {
			err = txn.Commit()
		}
		txn.Discard()
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	// Badger does not sync the directory when it begins a new log of writes.
	if err := k.dir.Sync(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func (k *kv) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}

// Room implements store.Roomy. After a write that failed there is none.
func (k *kv) Room() error {
	if err := k.failure(); err != nil {
		return err
	}
	if k.minFree < 0 {
		return nil
	}
	if err := durable.CheckRoom(k.dir, 0, k.minFree); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Size is what the files take on the disk: Badger's are longer than that, with holes.
func (k *kv) Size() int64 {
	entries, err := os.ReadDir(k.dir.Name())
	if err != nil {
		return 0
	}
	total := int64(0)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			total += diskBytes(info)
		}
	}
	return total
}

// Close waits for the calls under way.
func (k *kv) Close() error {
	k.life.Lock()
	defer k.life.Unlock()
	if k.closed {
		return store.ErrClosed
	}
	k.closed = true
	k.open.snap.Discard()
	return errors.Join(k.db.Close(), k.dir.Close())
}
