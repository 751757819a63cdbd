package backfill

import (
	"fmt"
	"slices"
	"testing"
)

// TestStopInRebase kills the process at each write of taking in a source folder that was numbered anew, so large
// that it takes several: what stays keeps its number, what is new comes once, what is gone goes.
func TestStopInRebase(t *testing.T) {
	for n, died := 1, true; died; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { died = stopInRebase(t, n) })
		if n > 40 {
			t.Fatal("the process never came to the end")
		}
	}
}

func stopInRebase(t *testing.T, n int) (died bool) {
	const old, gone, late = 9000, 100, 9000
	b := newBed(t)
	many(b.src.boxes["INBOX"], old)
	b.start(true)
	s := b.login()
	m := b.open(s, "INBOX")
	_, err := s.Status(t.Context(), "INBOX", true) // so that the messages can be matched
	must(t, err)
	uids := m.Changes(0).UIDs
	must(t, m.Expunge(t.Context(), uids[:1]))
	m.Close()
	b.end()
	b.src.with("INBOX", func(box *fakeBox) {
		box.validity += 77
		box.msgs = box.msgs[:old-gone]
		for i, k := range box.msgs {
			k.uid = uint32(100_000 + i)
		}
		box.next = 200_000
		for i := range late {
			box.put(message(old+i, "late"))
		}
	})
	kv := freezable(b.kv, n+2, n%2 == 0) // the first two open the store
	under := b.kv
	b.kv = kv
	b.start(true)
	if s, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err == nil {
		if m, err := s.Open(t.Context(), "INBOX", false); err == nil {
			m.Close()
		}
	}
	kv.mu.Lock()
	died = kv.dead
	kv.mu.Unlock()
	kv.kill()
	b.end()
	b.kv = under
	b.start(true)
	m = b.open(b.login(), "INBOX")
	now := m.Changes(0).UIDs
	if kept := old - gone - 1; len(now) != kept+late || !slices.Equal(now[:kept], uids[1:kept+1]) {
		t.Errorf("%d messages are shown, want %d", len(now), kept+late)
	}
	seen := map[string]bool{}
	for _, m := range b.see(m) {
		seen[subject(m.body)] = true
	}
	if len(seen) != len(now) {
		t.Errorf("%d different messages of %d", len(seen), len(now))
	}
	if own := ownSources(m.f.record()); len(own) != 1 {
		t.Errorf("the source folders are %+v", m.f.record().Sources)
	}
	return died
}

// TestDeletedStaysDeletedWhenNumberedAnew: what a client deleted or moved away before anything but its number was
// known does not come back under a new number. A source that is down keeps nobody from deleting.
func TestDeletedStaysDeletedWhenNumberedAnew(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 5)
	b.start(true)
	s := b.login()
	m := b.open(s, "INBOX")
	uids := m.Changes(0).UIDs
	must(t, m.Expunge(t.Context(), uids[:1]))
	for _, to := range []string{"Kunden", "Deleted Items"} {
		_, err := m.Move(t.Context(), uids[1:2], to)
		must(t, err)
		uids = uids[1:]
	}
	b.shows(m, want[3:]...)
	b.src.with("INBOX", func(box *fakeBox) {
		box.validity += 77
		for i, k := range box.msgs {
			k.uid = uint32(100 + i)
		}
		box.next = 105
	})
	b.shows(m, want[3:]...)
	b.src.set(func() { b.src.down = true })
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[:1]))
	_, err := m.Move(t.Context(), m.Changes(0).UIDs, "Kunden")
	must(t, err)
	if left := m.Changes(0).UIDs; len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// TestBorrowedFollowsNumbering: mail that a client copied or moved to another folder before it was copied up is still
// found when the source's folder is numbered anew, and comes up there.
func TestBorrowedFollowsNumbering(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 6)
	b.start(true)
	s := b.login()
	m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
	uids := m.Changes(0).UIDs
	_, err := m.Move(t.Context(), uids[:2], "Kunden")
	must(t, err)
	_, err = m.Copy(t.Context(), uids[2:3], "Kunden")
	must(t, err)
	_, err = m.Copy(t.Context(), uids[3:4], "INBOX")
	must(t, err)
	b.src.with("INBOX", func(box *fakeBox) {
		box.validity += 77
		for i, k := range box.msgs {
			k.uid = uint32(100 + i)
		}
		box.next = 107
	})
	in := append(slices.Clone(want[2:]), want[3])
	b.shows(m, in...)
	b.shows(k, want[:3]...)
	b.e.Release()
	b.wait()
	b.shows(m, in...)
	b.shows(k, want[:3]...)
	b.holds("INBOX", in...)
	b.holds("Kunden", want[:3]...)
	b.verified()
}
