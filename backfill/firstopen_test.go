package backfill

import (
	"fmt"
	"slices"
	"testing"
)

// TestFirstOpenCommits: a client that opens a folder which nobody has met waits for three commits, not for one for each
// thing that is learnt.
func TestFirstOpenCommits(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 10)
	b.start(true)
	s := b.login()
	_, err := s.List(t.Context()) // the folders are known then
	must(t, err)
	all := s.a.all()
	f := all[slices.IndexFunc(all, func(f *folder) bool { return f.inbox })]
	must(t, f.use())
	before := b.e.store.Updates()
	must(t, f.ready(t.Context())) // and nobody watches it yet
	if n := b.e.store.Updates() - before; n != 3 {
		t.Errorf("%d commits", n)
	}
	f.done()
	m := b.open(s, "INBOX")
	if rec := m.f.record(); !rec.Identity.Fixed || !rec.Subscribed || rec.DestUIDNext != 1 || rec.Sources[0].UIDNext != 11 || m.f.fixing || m.f.withFix != nil {
		t.Errorf("the folder is %+v", rec)
	}
	b.dst.with("INBOX", func(box *fakeBox) { box.put(message(10, "late")) })
	b.eventually(func() error {
		if err := m.f.refresh(t.Context(), 0); err != nil {
			return err
		}
		if n := len(m.Changes(0).UIDs); n != 11 {
			return fmt.Errorf("%d messages", n)
		}
		return nil
	})
}

// TestStopInFirstOpenBelow kills the process at each write of a first opening, of a folder of less than a page, of exactly one
// and of more, the destination's being empty: what was told is told again under the same numbers, and nothing is missing.
func TestStopInFirstOpenBelow(t *testing.T) {
	for _, n := range []int{3, pageEntries, pageEntries + 3} {
		for stopAt := 5; stopAt < 11; stopAt++ {
			b := newBed(t)
			many(b.src.boxes["INBOX"], n)
			under := b.kv
			b.kv = freezable(under, stopAt, stopAt%2 == 0)
			b.start(true)
			var told []uint32
			var status Status
			if s, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err == nil {
				if m, err := s.Open(t.Context(), "INBOX", false); err == nil {
					told, status = m.Changes(0).UIDs, m.Status()
					m.Close()
				}
			}
			b.end()
			b.kv = under
			b.src.with("INBOX", func(box *fakeBox) { box.put(message(n, "behind")) })
			b.dst.with("INBOX", func(box *fakeBox) { box.put(message(n+1, "above")) })
			b.start(true)
			m := b.open(b.login(), "INBOX")
			got := m.Changes(0).UIDs
			if len(got) != n+2 {
				t.Errorf("%d messages, stopped at update %d: %d are shown", n, stopAt, len(got))
			}
			if told != nil && (!slices.Equal(got[:n], told) || m.Status().UIDValidity != status.UIDValidity) {
				t.Errorf("%d messages, stopped at update %d: they are shown as others", n, stopAt)
			}
			b.end()
		}
	}
}

// TestStopInFirstOpenFewPairs kills the process at each write of a first opening of a folder of which the destination has a few
// messages: those are shown once, whenever it ended.
func TestStopInFirstOpenFewPairs(t *testing.T) {
	const n = 40
	for stopAt := 4; stopAt < 14; stopAt++ {
		b := newBed(t)
		many(b.src.boxes["INBOX"], n)
		for id := range 3 {
			b.dst.boxes["INBOX"].put(message(id*7, "m")).date = b.src.boxes["INBOX"].msgs[id*7].date
		}
		under := b.kv
		b.kv = freezable(under, stopAt, stopAt%2 == 0)
		b.start(true)
		var told []uint32
		if s, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err == nil {
			if m, err := s.Open(t.Context(), "INBOX", false); err == nil {
				told = m.Changes(0).UIDs
				m.Close()
			}
		}
		b.end()
		b.kv = under
		b.start(true)
		m := b.open(b.login(), "INBOX")
		got := m.Changes(0).UIDs
		if len(got) != n || told != nil && !slices.Equal(got, told) {
			t.Errorf("stopped at update %d: %d messages are shown, told were %d", stopAt, len(got), len(told))
		}
		b.e.Release()
		b.wait()
		if got := len(b.dst.boxes["INBOX"].msgs); got != n {
			t.Errorf("stopped at update %d: %d messages on the destination", stopAt, got)
		}
		b.end()
	}
}
