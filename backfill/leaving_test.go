package backfill

import (
	"fmt"
	"slices"
	"testing"

	"crossfade/store"
)

// TestStopInLargeMove kills the process at each write of a MOVE and an EXPUNGE of so many copied messages that
// their vanishing would stop the folder: it goes on by itself, with every message in one place.
func TestStopInLargeMove(t *testing.T) {
	for _, how := range []string{"MOVE", "COPY", "EXPUNGE"} {
		for n, died := 1, true; died; n++ {
			t.Run(fmt.Sprint(how, n), func(t *testing.T) { died = stopInLargeMove(t, how, n) })
			if n > 20 {
				t.Fatal("the process never came to the end")
			}
		}
	}
}

func stopInLargeMove(t *testing.T, how string, n int) (died bool) {
	const all, some = 200, 120
	b := newBed(t)
	b.dst.move = how != "COPY"
	want := many(b.src.boxes["INBOX"], all)
	b.start(false)
	b.see(b.open(b.login(), "INBOX"))
	b.wait()
	b.end()
	under := b.kv
	kv := freezable(b.kv, 0, false)
	b.kv = kv
	b.start(true)
	s := b.login()
	m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
	kv.after = n%2 == 0
	kv.stopIn((n + 1) / 2)
	var err error
	uids := m.Changes(0).UIDs[:some]
	if how == "EXPUNGE" {
		err = m.Expunge(t.Context(), uids)
	} else {
		_, err = m.Move(t.Context(), uids, "Kunden")
	}
	kv.kill()
	m.Close()
	k.Close()
	b.end()
	b.kv = under
	b.start(false)
	s = b.login()
	m, k = b.open(s, "INBOX"), b.open(s, "Kunden")
	b.shows(m, b.dst.has("INBOX")...)
	b.shows(k, b.dst.has("Kunden")...)
	got := append(b.dst.has("INBOX"), b.dst.has("Kunden")...)
	slices.Sort(got)
	slices.Sort(want)
	if how != "EXPUNGE" && !slices.Equal(got, want) {
		t.Errorf("%d messages of %d", len(got), len(want))
	}
	if p := m.f.problem().Text; p != "" {
		t.Error(p)
	}
	b.wait()
	b.verified()
	if n := m.f.counted().leaving; n != 0 {
		t.Errorf("%d messages are still expected to go", n)
	}
	return err != nil
}

// TestLeavingWhileLooked: a look at the destination while a command is about to remove messages there does not take
// back that they go, so that a kill before the command's end is known stops no folder.
func TestLeavingWhileLooked(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 100)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	b.e.Hold()
	links := m.f.where(func(*store.Link) bool { return true })
	look := func() {
		must(t, m.f.writer.take(t.Context()))
		defer m.f.writer.release()
		must(t, m.f.lookUpper(t.Context()))
	}
	must(t, m.f.leave(links, func() error {
		look()
		return nil
	}))
	if n := m.f.counted().leaving; n != len(links) {
		t.Errorf("%d messages are known to go", n)
	}
	look()
	if n := m.f.counted().leaving; n != 0 {
		t.Errorf("%d messages are still expected to go", n)
	}
}
