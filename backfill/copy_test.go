package backfill

import (
	"slices"
	"testing"

	"crossfade/mapping"
)

// TestMoveIntoNativeMeetsBackfill: while a message is copied into a folder of the destination's numbers, the
// backfill copies it into its own folder. It must be in one place at the end.
func TestMoveIntoNativeMeetsBackfill(t *testing.T) {
	for _, uidplus := range []bool{true, false} {
		b := newBed(t)
		b.dst.uidplus = uidplus
		b.dst.add("Plain")
		b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`)
		b.start(true)
		s := b.login()
		m := b.open(s, "INBOX")
		into := once(func() {
			_, err := m.f.transfer(background(), func() bool { return false })
			must(t, err)
		})
		b.e.Release()
		b.dst.set(func() {
			b.dst.onAppend = func(box string, n int) {
				if box == "Plain" {
					into(box, n)
				}
			}
		})
		_, err := m.Move(t.Context(), m.Changes(0).UIDs, "Plain")
		must(t, err)
		b.wait()
		b.shows(m)
		b.eventually(func() error { return b.dst.check("INBOX") })
		b.holds("Plain", `<1@test> \Seen`)
		b.verified()
	}
}

// TestCopyAndMove: every state of the origin, to a folder that is blended, to one of the destination's numbers
// and to the folder itself; and the bytes follow.
func TestCopyAndMove(t *testing.T) {
	states := map[string]func(b *bed, m *Mailbox){
		"listed":      func(*bed, *Mailbox) {},
		"copied":      func(b *bed, m *Mailbox) { b.e.Release(); b.wait() },
		"quarantined": quarantineAll,
	}
	for state, bring := range states {
		for _, target := range []string{"Sent Items", "Plain", "INBOX"} {
			for _, move := range []bool{false, true} {
				t.Run(state+" "+target, func(t *testing.T) {
					b := newBed(t)
					b.dst.add("Plain")
					b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`, "$Work")
					b.src.boxes["INBOX"].put(message(2, "b"))
					b.start(true)
					s := b.login()
					m := b.open(s, "INBOX")
					bring(b, m)
					if state == "quarantined" && target == "Plain" {
						b.dst.set(func() { b.dst.refuse = nil })
					}
					carryOne(b, s, m, target, move)
				})
			}
		}
	}
}

func carryOne(b *bed, s *Session, m *Mailbox, target string, move bool) {
	b.t.Helper()
	uid := m.Changes(0).UIDs[0]
	do := m.Copy
	if move {
		do = m.Move
	}
	r, err := do(b.t.Context(), []uint32{uid}, target)
	must(b.t, err)
	to := m
	if target != "INBOX" {
		to = b.open(s, target)
	}
	if len(r.To) != 1 || r.From[0] != uid || r.UIDValidity != to.Status().UIDValidity || !slices.Contains(to.Changes(0).UIDs, r.To[0]) {
		b.t.Fatalf("COPYUID %+v, shown %v", r, to.Changes(0).UIDs)
	}
	one, two := `<1@test> $Work \Seen`, `<2@test> `
	want := map[string][]string{"INBOX": {two}, target: {one}}
	switch {
	case target == "INBOX" && move:
		want["INBOX"] = []string{one, two}
	case target == "INBOX":
		want["INBOX"] = []string{one, one, two}
	case !move:
		want["INBOX"] = []string{one, two}
	}
	b.shows(m, want["INBOX"]...)
	b.shows(to, want[target]...)
	b.dst.set(func() { b.dst.refuse = nil })
	b.e.Release()
	if m.f.counted().counts().Quarantined > 0 || to.f.counted().counts().Quarantined > 0 {
		return
	}
	b.wait()
	b.shows(m, want["INBOX"]...)
	b.shows(to, want[target]...)
	b.holds("INBOX", want["INBOX"]...)
	b.holds(target, want[target]...)
	b.verified()
}

// quarantineAll lets the destination refuse what is in INBOX.
func quarantineAll(b *bed, m *Mailbox) {
	b.t.Helper()
	b.dst.set(func() {
		b.dst.refuse = func([]byte) error { return b.dst.err("APPEND", "CANNOT", Item) }
	})
	b.e.Release()
	b.eventually(func() error { return count(m, func(c Counts) int { return c.Quarantined }, 2) })
}

// TestMoveThereAndBack ends where it began, with new numbers and no second copy.
func TestMoveThereAndBack(t *testing.T) {
	for _, held := range []bool{true, false} {
		b := newBed(t)
		b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`)
		b.start(true)
		s := b.login()
		m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
		if !held {
			b.e.Release()
			b.wait()
		}
		old := m.Changes(0).UIDs
		b.see(m)
		for range 2 {
			_, err := m.Move(t.Context(), m.Changes(0).UIDs, "Kunden")
			must(t, err)
			b.shows(k, `<1@test> \Seen`)
			must(t, k.Store(t.Context(), k.Changes(0).UIDs, FlagsAdd, mapping.NewFlags(`\Flagged`)))
			_, err = k.Move(t.Context(), k.Changes(0).UIDs, "INBOX")
			must(t, err)
			must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsRemove, mapping.NewFlags(`\Flagged`)))
		}
		b.shows(m, `<1@test> \Seen`)
		b.shows(k)
		if now := m.Changes(0).UIDs; now[0] <= old[0] {
			t.Errorf("UID %v after %v", now, old)
		}
		b.e.Release()
		b.wait()
		b.holds("INBOX", `<1@test> \Seen`)
		b.holds("Kunden")
		b.verified()
	}
}

// TestCopyOfCopy copies uncopied mail twice over: the links all lead to the one message on the source.
func TestCopyOfCopy(t *testing.T) {
	b := newBed(t)
	b.src.boxes["INBOX"].put(message(1, "a"))
	b.start(true)
	s := b.login()
	m, k, sent := b.open(s, "INBOX"), b.open(s, "Kunden"), b.open(s, "Sent Items")
	for _, c := range []struct{ from, to *Mailbox }{{m, k}, {k, sent}, {sent, m}, {m, k}} {
		_, err := c.from.Copy(t.Context(), c.from.Changes(0).UIDs, c.to.Name())
		must(t, err)
	}
	a := `<1@test> `
	b.e.Release()
	b.wait()
	for _, c := range []struct {
		m *Mailbox
		n int
	}{{m, 2}, {k, 3}, {sent, 1}} {
		b.shows(c.m, slices.Repeat([]string{a}, c.n)...)
		b.holds(c.m.Name(), slices.Repeat([]string{a}, c.n)...)
	}
	b.verified()
}

// TestMoveAgainst moves between two folders in opposite directions at the same time, with the backfill going.
func TestMoveAgainst(t *testing.T) {
	b := newBed(t)
	for i := range 20 {
		b.src.boxes["INBOX"].put(message(i, "a"))
		b.src.boxes["INBOX.Kunden"].put(message(100+i, "b"))
	}
	b.start(true)
	s := b.login()
	m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
	b.e.Release()
	done := make(chan error, 2)
	for _, c := range []struct{ from, to *Mailbox }{{m, k}, {k, m}} {
		go func() {
			var err error
			for _, u := range c.from.Changes(0).UIDs {
				if _, e := c.from.Move(t.Context(), []uint32{u}, c.to.Name()); e != nil {
					err = e
				}
			}
			done <- err
		}()
	}
	must(t, <-done)
	must(t, <-done)
	b.wait()
	b.shows(m, b.dst.has("INBOX")...)
	b.shows(k, b.dst.has("Kunden")...)
	if n := len(b.dst.has("INBOX")) + len(b.dst.has("Kunden")); n != 40 {
		t.Errorf("%d messages of 40", n)
	}
	b.verified()
}
