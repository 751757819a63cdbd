package backfill

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"crossfade/backfill/verify"
	"crossfade/store/powerloss"
)

// crashFolders are the folders of crashBed.
func crashFolders() []string { return []string{"INBOX", "Kunden", "Sent Items", "Plain"} }

// crashBed has 50 messages in INBOX, two source folders that become one, a message that the destination refuses, and
// some that it has already.
func crashBed(t *testing.T) (*bed, fates) {
	b, f := newBed(t), fates{}
	b.dst.add("Plain")
	b.dst.refuse = func(body []byte) error {
		if subject(string(body)) == name(refusedID) {
			return b.dst.err("APPEND", "CANNOT", Item)
		}
		return nil
	}
	b.dst.with("INBOX", func(box *fakeBox) {
		box.put(message(900, "new"), `\Answered`)
		f[name(900)] = []string{place("INBOX", `\Answered`)}
	})
	b.src.with("INBOX", func(box *fakeBox) {
		box.next = 10
		for id := 10; id < 60; id++ {
			m := box.put(message(id, "old"), `\Seen`)
			f[name(id)] = []string{place("INBOX", `\Seen`)}
			if id%10 == 8 || id == 11 || id == 22 { // somebody has copied these before us
				b.dst.with("INBOX", func(d *fakeBox) { d.put(string(m.body), `\Seen`).date = m.date })
			}
		}
	})
	fill := func(box, to string, first, last int) {
		b.src.with(box, func(box *fakeBox) {
			for id := first; id <= last; id++ {
				box.put(message(id, "old"), "$Work")
				f[name(id)] = []string{place(to, "$Work")}
			}
		})
	}
	fill("INBOX.Kunden", "Kunden", 70, 79)
	fill("INBOX.Kunden", "Kunden", refusedID, refusedID)
	f[name(refusedID)] = []string{""}
	fill("INBOX.Sent", "Sent Items", 80, 84)
	b.src.add("INBOX.Sent Items")
	fill("INBOX.Sent Items", "Sent Items", 85, 87)
	return b, f
}

// judge compares the destination with the fates, message by message.
func judge(b *bed, f fates) {
	b.t.Helper()
	got := map[string][]string{}
	b.dst.set(func() {
		for folder, box := range b.dst.boxes {
			for _, m := range box.msgs {
				id := subject(string(m.body))
				got[id] = append(got[id], folder+"|"+string(m.flags))
			}
		}
	})
	for id := range got {
		if f[id] == nil {
			b.t.Errorf("%s came from nowhere", id)
		}
	}
	for id, may := range f {
		if now := places(got[id]...); !slices.Contains(may, now) {
			b.t.Errorf("%s is at [%s], may be at %q", id, now, may)
		}
	}
	must(b.t, b.e.Verify(b.t.Context(), "", func(r verify.Report) error {
		if refused := len(r.Refused); !r.OK && !(r.Folder == "Kunden" && refused == 1) || r.Waiting+r.Missing+r.Different+r.Unknown+r.FlagsDiffer > 0 {
			b.t.Errorf("verify: %+v", r)
		}
		return nil
	}))
	if len(b.src.writes) > 0 {
		b.t.Errorf("the source was changed: %v", b.src.writes)
	}
}

// death says how a process dies, and the next one in the middle of clearing up.
type death struct {
	n       int    // at which update
	again   int    // the next process: at which update; 0: it lives
	power   bool   // by a power cut; else by a kill
	after   bool   // killed just after the update became durable, not before
	seed    uint64 // what a power cut leaves
	cut     int    // besides, the connection ends after so many APPENDs
	arrived bool   // and the APPEND took place
}

func (d death) store(b *bed) mortal {
	if !d.power {
		return freezable(b.kv, 0, d.after)
	}
	kv, err := powered(powerloss.New(d.seed))
	must(b.t, err)
	return kv
}

// crash runs the script against a process that dies, a second one that may die while it clears up, and a third to the
// end; a fourth finds nothing to do.
func crash(t *testing.T, d death) (updates int) {
	b, f := crashBed(t)
	kv := d.store(b)
	kv.stopAt(d.n)
	b.kv = kv
	b.dst.cutAfter, b.dst.lostUID = d.cut, d.arrived
	b.start(true)
	c := &script{bed: b, kv: kv, f: f}
	c.run()
	if d.n == 0 && c.err != nil && d.cut == 0 {
		t.Fatal(c.err)
	}
	updates = kv.count()
	kv.kill()
	b.end()
	kv = revive(b, kv, d.again)
	if d.again > 0 {
		b.start(false)
		c.kv = kv
		if c.s, c.err = b.e.Login(t.Context(), "Ann@example.test", "pw"); c.err == nil {
			_ = c.copied()
		}
		kv.kill()
		b.end()
		kv = revive(b, kv, 0)
	}
	b.start(false)
	shown := toTheEnd(b)
	judge(b, f)
	kv.kill()
	b.end()
	revive(b, kv, 0)
	nothingToDo(b, shown)
	return updates
}

// revive gives the bed the store as the next process finds it. It dies at its n-th update; the first two open it.
func revive(b *bed, kv mortal, n int) mortal {
	kv, err := kv.revive()
	must(b.t, err)
	if n > 0 {
		kv.stopAt(n + 2)
	}
	b.kv = kv
	return kv
}

// toTheEnd waits until all is copied, compares what is shown with what is there, and returns it.
func toTheEnd(b *bed) (shown []string) {
	s := b.login()
	for _, name := range crashFolders() {
		_, _ = b.trySee(b.open(s, name)) // what went on the source may not have been seen yet
	}
	b.wait()
	b.allLooked(s) // a look that failed in the middle is done again, after a pause
	for _, folder := range crashFolders() {
		m := b.open(s, folder)
		want := b.dst.has(folder)
		if folder == "Kunden" {
			want = append(want, name(refusedID)+" $Work")
		}
		b.shows(m, want...)
		for _, x := range b.see(m) {
			shown = append(shown, fmt.Sprint(folder, m.Status().UIDValidity, x.uid, lines([]shownMessage{x})))
		}
	}
	return shown
}

// allLooked waits until every folder was looked at, and nothing is left of a look that failed.
func (b *bed) allLooked(s *Session) {
	b.t.Helper()
	b.eventually(func() error {
		for _, f := range s.a.all() {
			f.mu.RLock()
			looked := !f.checked.IsZero() && !f.owed
			f.mu.RUnlock()
			if !looked {
				return fmt.Errorf("%s was not looked at", f.record().Name)
			}
		}
		return nil
	})
}

// nothingToDo runs a process over a move that is done: it looks at everything and writes to neither server.
func nothingToDo(b *bed, shown []string) {
	b.t.Helper()
	b.src.set(func() { b.src.writes = nil })
	b.dst.set(func() { b.dst.writes = nil })
	b.start(false)
	s := b.login()
	b.allLooked(s)
	if now := toTheEnd(b); !slices.Equal(now, shown) {
		b.t.Errorf("shown are now\n%q, before\n%q", now, shown)
	}
	b.end()
	for _, side := range []*fakeServer{b.src, b.dst} {
		side.mu.Lock()
		if len(side.writes) > 0 {
			b.t.Errorf("there was nothing to do, and %s got %q", side.host, side.writes)
		}
		side.mu.Unlock()
	}
}

// TestStopAtEveryUpdate ends the process at each write of its journal, by a kill before or after it became durable or
// by a power cut, and the next process at one of the first writes with which it clears up. The first two updates open the
// store.
func TestStopAtEveryUpdate(t *testing.T) {
	t.Parallel()
	total := crash(t, death{})
	if total < 40 {
		t.Fatalf("only %d updates: the script does not do what it says", total)
	}
	step := 1
	if soak() == 1 && testing.Short() {
		step = 4
	}
	for n := 3; n <= total; n += step {
		deaths := []death{
			{n: n, after: n%2 == 0, again: n * 5 % 13},
			{n: n, power: true, again: n * 7 % 11},
		}
		if soak() > 1 {
			deaths = nil
			for again := range 16 {
				deaths = append(deaths, death{n: n, again: again}, death{n: n, after: true, again: again})
			}
			for seed := range uint64(min(soak(), 40)) {
				deaths = append(deaths, death{n: n, power: true, seed: seed, again: int(seed) % 16})
			}
		}
		for i, d := range deaths {
			t.Run(fmt.Sprint(n, "-", i), func(t *testing.T) {
				t.Parallel()
				crash(t, d)
			})
		}
	}
}

// TestCutAndStop cuts the connection in the middle of an APPEND, which took place or not, and then kills.
func TestCutAndStop(t *testing.T) {
	t.Parallel()
	for i := range 16 * soak() {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			crash(t, death{n: 20 + 7*i%60, after: i%3 == 0, power: i%4 == 3, seed: uint64(i), again: i % 5, cut: 1 + i*5%58, arrived: i%2 == 0})
		})
	}
}
