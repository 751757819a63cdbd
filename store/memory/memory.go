package memory

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"crossfade/store"
	"crossfade/store/internal/pending"
)

// New returns an empty store. It forgets everything when it is closed.
func New() store.KV {
	kv := &kv{seed: maphash.MakeSeed()}
	kv.now.Store(&snapshot{})
	return kv
}

type kv struct {
	seed    maphash.Seed // of the nodes' ranks: nobody can choose keys that unbalance the tree
	writing sync.Mutex
	now     atomic.Pointer[snapshot] // nil once closed
}

// snapshot is one state of the whole store; immutable.
type snapshot struct {
	root  *node
	bytes int64
}

func (kv *kv) View(f func(store.Reader) error) error {
	now := kv.now.Load()
	if now == nil {
		return store.ErrClosed
	}
	return f(now)
}

func (kv *kv) Update(f func(store.Txn) error) error {
	kv.writing.Lock()
	defer kv.writing.Unlock()
	now := kv.now.Load()
	if now == nil {
		return store.ErrClosed
	}
	writes := pending.New(now)
	if err := f(writes); err != nil {
		return err
	}
	next := *now
	err := writes.Each(func(key, value []byte, deleted bool) error {
		if old := next.root.find(string(key)); old != nil {
			next.bytes -= int64(len(old.key) + len(old.value))
			next.root = next.root.remove(string(key))
		}
		if !deleted {
			next.bytes += int64(len(key) + len(value))
			next.root = next.root.insert(&node{key: string(key), value: value, rank: maphash.Bytes(kv.seed, key)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	kv.now.Store(&next)
	return nil
}

func (kv *kv) Size() int64 {
	if now := kv.now.Load(); now != nil {
		return now.bytes
	}
	return 0
}

func (kv *kv) Close() error {
	kv.writing.Lock()
	defer kv.writing.Unlock()
	if kv.now.Swap(nil) == nil {
		return store.ErrClosed
	}
	return nil
}

func (s *snapshot) Get(key []byte) ([]byte, error) {
	if n := s.root.find(string(key)); n != nil {
		return n.value, nil
	}
	return nil, store.ErrNotFound
}

func (s *snapshot) Scan(prefix []byte, each func(key, value []byte) error) error {
	_, err := s.root.scan(string(prefix), each)
	return err
}
