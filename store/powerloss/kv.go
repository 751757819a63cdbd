package powerloss

import (
	"bytes"
	"runtime"
	"sync"

	"crossfade/store"
)

// kv is one run of the engine, from Open to Close or to a power cut. Locks are taken in this order: life, token,
// disk.mu.
type kv struct {
	disk  *Disk
	seen  store.KV      // what updates see: acknowledged or not
	off   chan struct{} // closed when the power is cut
	token chan struct{} // who holds it brings what waits to the disk

	life   sync.RWMutex // held for reading by every call, for writing by Close
	closed bool         // under life

	// Under disk.mu:
	waiting []writes // not on the disk yet, in order
	taken   uint64   // updates that were taken so far
	kept    uint64   // of these, how many are on the disk
	failed  error    // the memory refused what it had taken before: cannot be
}

func (k *kv) dead() bool {
	select {
	case <-k.off:
		return true
	default:
		return false
	}
}

// View shows what is on the disk.
func (k *kv) View(f func(store.Reader) error) error {
	k.life.RLock()
	defer k.life.RUnlock()
	switch {
	case k.closed:
		return store.ErrClosed
	case k.dead():
		return ErrPower
	}
	return k.disk.synced.View(f)
}

func (k *kv) Update(f func(store.Txn) error) error {
	k.life.RLock()
	defer k.life.RUnlock()
	if k.closed {
		return store.ErrClosed
	}
	number, err := k.take(f)
	if err != nil {
		return err
	}
	return k.sync(number)
}

// take runs f over everything written before it. Its writes wait for the disk; so does a function without any, for
// what it has read may not be there yet.
func (k *kv) take(f func(store.Txn) error) (uint64, error) {
	d := k.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if k.dead() {
		return 0, ErrPower
	}
	d.updates++
	var w writes
	err := k.seen.Update(func(txn store.Txn) error {
		w = nil
		return f(&recorder{Txn: txn, to: &w})
	})
	if err != nil {
		return 0, err
	}
	k.waiting = append(k.waiting, w)
	k.taken++
	if d.updates == d.stopAt {
		d.cut()
		return 0, ErrPower
	}
	return k.taken, nil
}

// sync returns when the update of that number is on the disk, or will never be acknowledged.
func (k *kv) sync(number uint64) error {
	select {
	case <-k.off:
		return ErrPower
	case k.token <- struct{}{}:
	}
	defer func() { <-k.token }()
	runtime.Gosched() // others may come along
	d := k.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case k.kept >= number: // acknowledged before the cut, if there was one
		return k.failed
	case k.dead():
		return ErrPower
	}
	d.keep(k.waiting)
	k.waiting, k.kept = nil, k.taken
	return k.failed
}

func (k *kv) Size() int64 { return k.disk.synced.Size() }

// Close waits for the calls under way; the disk keeps what it has.
func (k *kv) Close() error {
	k.life.Lock()
	defer k.life.Unlock()
	if k.closed {
		return store.ErrClosed
	}
	k.closed = true
	return k.seen.Close()
}

// writes are what one update wrote, in order.
type writes []write

type write struct {
	key, value []byte
	deleted    bool
}

func (w writes) apply(txn store.Txn) error {
	for _, x := range w {
		var err error
		if x.deleted {
			err = txn.Delete(x.key)
		} else {
			err = txn.Set(x.key, x.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recorder notes what an update writes.
type recorder struct {
	store.Txn
	to *writes
}

func (r *recorder) Set(key, value []byte) error {
	err := r.Txn.Set(key, value)
	if err == nil {
		*r.to = append(*r.to, write{key: bytes.Clone(key), value: bytes.Clone(value)})
	}
	return err
}

func (r *recorder) Delete(key []byte) error {
	err := r.Txn.Delete(key)
	if err == nil {
		*r.to = append(*r.to, write{key: bytes.Clone(key), deleted: true})
	}
	return err
}
