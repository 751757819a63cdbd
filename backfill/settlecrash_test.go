package backfill

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"crossfade/mapping"
)

// dying is an account that settles while a client works in it, and a process that dies meanwhile.
type dying struct {
	*bed
	f  fates
	mu sync.Mutex // of f
}

// flag is a client's STORE on a message, found by its name under whatever number it has now.
func (c *dying) flag(s *Session, id int) error {
	m, err := s.Open(c.t.Context(), "INBOX", false)
	if err != nil {
		return err
	}
	defer m.Close()
	seen, err := c.trySee(m)
	if err != nil {
		return err
	}
	for _, x := range seen {
		if subject(x.body) != name(id) {
			continue
		}
		err := m.Store(c.t.Context(), []uint32{x.uid}, FlagsAdd, mapping.NewFlags(`\Flagged`))
		if errors.Is(err, ErrSwitched) {
			return c.flag(s, id)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.f.then(name(id), err, place("INBOX", `\Seen`, `\Flagged`))
		return err
	}
	return fmt.Errorf("%s is not shown", name(id))
}

// work is what the client does.
func (c *dying) work(s *Session) {
	for i := range 6 {
		_, _, err := s.Append(c.t.Context(), "INBOX", []AppendItem{item(message(950+i, "mine"), `\Draft`)})
		c.mu.Lock()
		if err == nil {
			c.f[name(950+i)] = []string{place("INBOX", `\Draft`)}
		} else {
			c.f[name(950+i)] = []string{"", place("INBOX", `\Draft`)}
		}
		c.mu.Unlock()
		if err != nil || c.flag(s, 30+i) != nil {
			return
		}
	}
}

// settleCrash lets the process die at its n-th update after all is copied; 0: it lives. It returns how many there were.
func settleCrash(t *testing.T, n int, power, after bool) (updates int) {
	b, f := crashBed(t)
	c := &dying{bed: b, f: f}
	d := death{power: power, after: after, seed: uint64(n)}
	kv := d.store(b)
	b.kv = kv
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	must(t, m.Expunge(t.Context(), []uint32{20, 21}))
	f[name(20)], f[name(21)] = []string{""}, []string{""}
	b.wait()
	b.eventually(func() error {
		signed, err := b.e.SignOff(t.Context(), QuarantineFilter{}, "test", false)
		if err == nil && signed != 1 {
			err = fmt.Errorf("%d messages were signed off", signed)
		}
		return err
	})
	for _, folder := range crashFolders() {
		b.see(b.open(s, folder))
	}
	b.allLooked(s)
	before := kv.count()
	if n > 0 {
		kv.stopAt(before + n)
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.work(s) })
	b.eventually(func() error {
		left, err := b.e.Settle(t.Context(), "", "")
		if n > 0 && dead(kv) {
			return nil
		}
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("not settled: %+v", left)
		}
		return err
	})
	wg.Wait()
	updates = kv.count() - before
	kv.kill()
	b.end()
	kv = revive(b, kv, 0)
	b.start(false)
	s = b.login()
	for _, folder := range crashFolders() {
		m := b.open(s, folder)
		rec := m.f.record()
		if rec.Identity.Native != (rec.State == folderSettled || len(rec.Sources) == 0) || rec.Draft != 0 {
			t.Errorf("%s is half switched: %+v", folder, rec)
		}
		_, _ = b.trySee(m)
	}
	b.settleAll()
	for _, folder := range crashFolders() {
		b.wait()
		m := b.open(s, folder)
		b.eventually(func() error { _ = m.f.refresh(t.Context(), 0); return b.watched(m, len(b.dst.has(folder))) })
		b.numbered(m)
	}
	judge(b, f)
	if !s.a.hasSettled() {
		t.Error("the account has not settled")
	}
	b.end()
	return updates
}

func dead(kv mortal) bool {
	select {
	case <-kv.ended():
		return true
	default:
		return false
	}
}

// TestStopWhileSettling ends the process at each write of a settle while a client works, by a kill before or after it
// became durable or by a power cut.
func TestStopWhileSettling(t *testing.T) {
	t.Parallel()
	total := settleCrash(t, 0, false, false)
	if total < 25 {
		t.Fatalf("only %d updates", total)
	}
	step := 1
	if soak() == 1 && testing.Short() {
		step = 3
	}
	for n := 1; n <= total; n += step {
		for i, power := range slices.Backward([]bool{false, true}) {
			t.Run(fmt.Sprint(n, "-", i), func(t *testing.T) {
				t.Parallel()
				settleCrash(t, n, power, n%2 == 0)
			})
		}
	}
}
