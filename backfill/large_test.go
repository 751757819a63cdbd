package backfill

import (
	"context"
	"slices"
	"testing"
	"time"

	"crossfade/mapping"
)

// TestLargeFolder: changes of many thousand messages fit into the store, and a new process knows the same.
func TestLargeFolder(t *testing.T) {
	const n = 12_000
	b := newBed(t)
	b.opt = func(o *Options) { o.Poll = time.Hour }
	many(b.src.boxes["INBOX"], n)
	for i := range n {
		b.dst.boxes["INBOX"].put(message(n+i, "above"))
	}
	b.start(true)
	s := b.login()
	m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
	uids := m.Changes(0).UIDs
	if len(uids) != 2*n || !slices.IsSorted(uids) {
		t.Fatalf("%d messages", len(uids))
	}
	must(t, m.Store(t.Context(), uids, FlagsAdd, mapping.NewFlags(`\Flagged`)))
	var odd, third []uint32
	for i, u := range uids {
		switch i % 3 {
		case 0:
			odd = append(odd, u)
		case 1:
			third = append(third, u)
		}
	}
	must(t, m.Expunge(t.Context(), odd))
	r, err := m.Move(t.Context(), third, "Kunden")
	must(t, err)
	if len(r.From) != len(third) || len(k.Changes(0).UIDs) != len(third) || len(m.Changes(0).UIDs) != len(third) {
		t.Fatalf("%d moved of %d, %d left", len(r.From), len(third), len(m.Changes(0).UIDs))
	}
	before, there := b.see(m), b.see(k)
	b.end()
	b.start(true)
	s = b.login()
	m, k = b.open(s, "INBOX"), b.open(s, "Kunden")
	if !slices.Equal(b.see(m), before) || !slices.Equal(b.see(k), there) {
		t.Error("a new process shows something else")
	}
}

// TestStopInFirstOpen kills the process while a large folder is numbered for the first time: a new one shows every
// message once.
func TestStopInFirstOpen(t *testing.T) {
	const n = 11_000
	for stopAt := 5; stopAt < 16; stopAt++ {
		b := newBed(t)
		for i := range n {
			b.dst.boxes["INBOX"].put(message(i, "above"))
		}
		b.src.boxes["INBOX"].put(message(n, "a"))
		under := b.kv
		b.kv = freezable(under, stopAt, stopAt%2 == 0)
		b.start(true)
		if s, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err == nil {
			if m, err := s.Open(t.Context(), "INBOX", false); err == nil {
				b.see(m)
				m.Close()
			}
		}
		b.end()
		b.kv = under
		b.start(true)
		m := b.open(b.login(), "INBOX")
		if got := b.see(m); len(got) != n+1 || len(slices.Compact(lines(got))) != n+1 {
			t.Errorf("stopped at update %d: %d messages", stopAt, len(got))
		}
		b.end()
	}
}

// TestCloseInFlight ends the engine while an APPEND is under way and sessions go on: nothing hangs or leaks, and
// the next process neither loses nor doubles.
func TestCloseInFlight(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 30)
	b.start(true)
	s := b.login()
	m := b.open(s, "INBOX")
	in, out := make(chan struct{}), make(chan struct{})
	b.dst.set(func() { b.dst.appended = once(func() { close(in); <-out }) })
	b.e.Release()
	<-in
	go close(out)
	b.end()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _ = s.Open(ctx, "Kunden", false) // may fail, must not hang or start anything
	_ = m.Store(ctx, m.Changes(0).UIDs, FlagsAdd, mapping.NewFlags(`\Flagged`))
	m.Close()
	b.start(false)
	b.wait()
	m = b.open(b.login(), "INBOX")
	if got := b.see(m); len(got) != len(want) {
		t.Errorf("%d messages", len(got))
	}
	b.verified()
}
