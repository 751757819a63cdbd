package backfill

import (
	"fmt"
	"testing"
)

// recents opens a folder as a session does and tells how many of its messages are new to all sessions.
func (b *bed) recents(s *Session, name string, readOnly bool) int {
	b.t.Helper()
	m, err := s.Open(b.t.Context(), name, readOnly)
	if err != nil {
		b.t.Fatal(err)
	}
	defer m.Close()
	uids := m.Changes(0).UIDs
	if len(uids) == 0 {
		return 0
	}
	n, from := 0, m.Recent(uids[len(uids)-1])
	for _, u := range uids {
		if u >= from {
			n++
		}
	}
	return n
}

// recent checks what STATUS, EXAMINE and two sessions that SELECT one after the other are told.
func (b *bed) recent(s *Session, name string, want int) {
	b.t.Helper()
	st, err := s.Status(b.t.Context(), name, false)
	must(b.t, err)
	got := []int{int(st.Recent), b.recents(s, name, true), b.recents(s, name, false), b.recents(s, name, false)}
	if fmt.Sprint(got) != fmt.Sprint([]int{want, want, want, 0}) {
		b.t.Errorf("%s: STATUS, EXAMINE and two SELECTs tell %v recent messages, want %d, and 0 for the second SELECT", name, got, want)
	}
}

// TestRecentIsNewMail: a mailbox that is met, however large and whatever is copied of it when, is not new. What comes later
// is, on either side, until a session has opened the folder; so it stays after a restart, and a folder that settles.
func TestRecentIsNewMail(t *testing.T) {
	b := newBed(t)
	b.dst.add("Kunden").put(message(900, "above"))
	many(b.src.boxes["INBOX.Kunden"], 20)
	b.start(true)
	s := b.login()
	b.recent(s, "Kunden", 0)
	b.e.Release()
	b.wait()
	b.recent(s, "Kunden", 0)
	arrives := func() {
		b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(int(box.next)+100, "late")) })
		b.dst.with("Kunden", func(box *fakeBox) { box.put(message(int(box.next)+500, "new")) })
	}
	arrives()
	b.recent(s, "Kunden", 2)
	_, _, err := s.Append(t.Context(), "Kunden", []AppendItem{item(message(800, "mine"))})
	must(t, err)
	b.recent(s, "Kunden", 1)
	b.wait()
	b.end()
	arrives()
	b.start(false)
	s = b.login()
	b.recent(s, "Kunden", 2)
	b.wait()
	b.settleAll()
	b.recent(s, "Kunden", 0)
	b.dst.with("Kunden", func(box *fakeBox) { box.put(message(999, "new")) })
	b.recent(s, "Kunden", 1)
}

// TestRecentInAFolderThatAClientMade: whatever is in it is new, also what came before anybody opened it.
func TestRecentInAFolderThatAClientMade(t *testing.T) {
	b := newBed(t)
	b.start(false)
	s := b.login()
	for _, name := range []string{"Neu", "Neu/Unten"} {
		must(t, s.Create(t.Context(), name))
		b.dst.with(name, func(box *fakeBox) { box.put(message(1, "filed")) })
		b.recent(s, name, 1)
	}
	must(t, s.Delete(t.Context(), "Neu/Unten"))
	must(t, s.Create(t.Context(), "Neu/Unten"))
	b.recent(s, "Neu/Unten", 0)
	b.dst.with("Neu/Unten", func(box *fakeBox) { box.put(message(2, "filed")) })
	b.recent(s, "Neu/Unten", 1)
}
