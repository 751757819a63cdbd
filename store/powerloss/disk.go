package powerloss

import (
	"errors"
	"math/rand/v2"
	"sync"

	"crossfade/store"
	"crossfade/store/memory"
)

// ErrPower is the answer of an engine whose power was cut.
var ErrPower = errors.New("the power is off")

// Disk is what outlives a power cut. One engine at a time is open over it.
type Disk struct {
	mu      sync.Mutex
	synced  store.KV // what is on the disk
	chance  *rand.Rand
	open    *kv // nil before the first Open
	updates int // of the engine that is open
	stopAt  int // the update during which the power goes; 0: never
}

// New returns an empty disk. seed decides what a power cut leaves of what was not acknowledged.
func New(seed uint64) *Disk {
	return &Disk{synced: memory.New(), chance: rand.New(rand.NewPCG(seed, 1))}
}

// Open returns an engine over what is on the disk. One that is open still loses its power.
func (d *Disk) Open() (store.KV, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
	seen, err := clone(d.synced)
	if err != nil {
		return nil, err
	}
	d.open = &kv{disk: d, seen: seen, off: make(chan struct{}), token: make(chan struct{}, 1)}
	d.updates, d.stopAt = 0, 0
	return d.open, nil
}

// StopAt has the power go off while the n-th update since Open is on its way to the disk.
func (d *Disk) StopAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopAt = n
}

// Updates is how many updates the engine that is open was asked for.
func (d *Disk) Updates() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.updates
}

// Cut cuts the power of the engine that is open.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
}

// Off is closed once the engine that is open has lost its power.
func (d *Disk) Off() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open.off
}

// cut is Cut; the caller holds mu. Of what waits, a beginning reaches the disk.
func (d *Disk) cut() {
	if d.open == nil || d.open.dead() {
		return
	}
	if n := len(d.open.waiting); n > 0 {
		d.keep(d.open.waiting[:d.chance.IntN(n+1)])
	}
	d.open.waiting = nil
	close(d.open.off)
}

// keep brings updates to the disk; the caller holds mu. The memory takes whatever it took before.
func (d *Disk) keep(updates []writes) {
	for _, u := range updates {
		d.open.failed = errors.Join(d.open.failed, d.synced.Update(u.apply))
	}
}

// clone copies a whole store. Each record is an update of its own: the bounds of one do not count.
func clone(from store.KV) (store.KV, error) {
	to := memory.New()
	return to, from.View(func(r store.Reader) error {
		return r.Scan(nil, func(key, value []byte) error {
			return to.Update(func(txn store.Txn) error { return txn.Set(key, value) })
		})
	})
}
