package backfill

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"crossfade/store"
	"crossfade/store/powerloss"
)

// mortal is a store that can die in the middle of a test. From then on it refuses everything.
type mortal interface {
	store.KV
	stopAt(n int) // dies at its n-th update
	count() int   // updates so far
	kill()
	ended() <-chan struct{}
	revive() (mortal, error) // the store as the next process finds it
}

// frozenKV is a store that stops at a chosen update, as a killed process does.
type frozenKV struct {
	store.KV
	mu      sync.Mutex
	updates int
	stop    int  // 0: never
	after   bool // the last update is still kept, but nobody learns of it
	dead    bool
	died    chan struct{}
}

var errDead = errors.New("the process is dead")

func freezable(kv store.KV, stop int, after bool) *frozenKV {
	return &frozenKV{KV: kv, stop: stop, after: after, died: make(chan struct{})}
}

func (k *frozenKV) Update(f func(store.Txn) error) error {
	k.mu.Lock()
	if k.dead {
		k.mu.Unlock()
		return errDead
	}
	k.updates++
	last := k.updates == k.stop
	if last {
		k.die()
	}
	k.mu.Unlock()
	if last && !k.after {
		return errDead
	}
	err := k.KV.Update(f)
	if last {
		return errDead
	}
	return err
}

// Room is none for the dead: they ask no server to remove anything.
func (k *frozenKV) Room() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errDead
	}
	return nil
}

// die is called with mu held.
func (k *frozenKV) die() {
	if !k.dead {
		k.dead = true
		close(k.died)
	}
}

func (k *frozenKV) stopAt(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stop = n
}

// stopIn stops it at the n-th update from now on. Others write, too: to count first and to say stopAt then may miss it.
func (k *frozenKV) stopIn(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stop = k.updates + n
}

func (k *frozenKV) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.updates
}

func (k *frozenKV) kill() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.die()
}

func (k *frozenKV) ended() <-chan struct{} { return k.died }

func (k *frozenKV) revive() (mortal, error) { return freezable(k.KV, 0, k.after), nil }

// atEachWrite has the process die at its first write to the store, at its second, and so on, until it comes to the end.
func atEachWrite(t *testing.T, dies func(t *testing.T, n int) (died bool)) {
	for n, died := 1, true; died; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { died = dies(t, n) })
		if n > 60 {
			t.Fatal("the process never came to the end")
		}
	}
}

// dieIn runs a client's command, with the backfill held, in a process that dies at a write, before or after it is durable.
// It returns whether that came, and what the client was told.
func (b *bed) dieIn(n int, command func(s *Session) error) (died bool, told error) {
	under := b.kv
	kv := freezable(b.kv, n+2, n%2 == 0)
	b.kv = kv
	b.start(true)
	s, told := b.e.Login(b.t.Context(), "Ann@example.test", "pw")
	if told == nil {
		told = command(s)
	}
	kv.mu.Lock()
	died = kv.dead
	kv.mu.Unlock()
	kv.kill()
	b.end()
	b.kv = under
	return died, told
}

// poweredKV is a store whose power can be cut: what was not acknowledged is lost, or some of it kept.
type poweredKV struct {
	store.KV
	disk *powerloss.Disk
	off  <-chan struct{}
}

func powered(disk *powerloss.Disk) (*poweredKV, error) {
	kv, err := disk.Open()
	if err != nil {
		return nil, err
	}
	return &poweredKV{KV: kv, disk: disk, off: disk.Off()}, nil
}

func (k *poweredKV) stopAt(n int)            { k.disk.StopAt(n) }
func (k *poweredKV) count() int              { return k.disk.Updates() }
func (k *poweredKV) kill()                   { k.disk.Cut() }
func (k *poweredKV) ended() <-chan struct{}  { return k.off }
func (k *poweredKV) revive() (mortal, error) { return powered(k.disk) }
