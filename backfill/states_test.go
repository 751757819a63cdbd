package backfill

import (
	"fmt"
	"testing"

	"crossfade/mapping"
	"crossfade/store"
)

// inState brings message 1 of INBOX into a state and calls do; the message is in that state then.
func inState(b *bed, m *Mailbox, state string, do func()) {
	b.t.Helper()
	switch state {
	case "listed":
		do()
		b.e.Release()
	case "copied":
		b.e.Release()
		b.wait()
		do()
	case "quarantined":
		b.dst.set(func() {
			b.dst.refuse = func([]byte) error { return b.dst.err("APPEND", "CANNOT", Item) }
		})
		b.e.Release()
		b.eventually(func() error { return count(m, func(c Counts) int { return c.Quarantined }, 1) })
		do()
	case "before its APPEND", "after its APPEND":
		in := make(chan struct{})
		out := make(chan struct{})
		hold := once(func() { close(in); <-out })
		b.dst.set(func() {
			if state == "before its APPEND" {
				b.dst.onAppend = hold
			} else {
				b.dst.appended = hold
			}
		})
		b.e.Release()
		<-in
		if l := m.f.where(func(*store.Link) bool { return true })[0]; l.State != store.Copying {
			b.t.Errorf("the message is %v", l.State)
		}
		do()
		close(out)
	}
}

var allStates = []string{"listed", "before its APPEND", "after its APPEND", "copied", "quarantined"}

// TestStoreInEveryState: flags are kept, shown at once, and are on the destination at the end.
func TestStoreInEveryState(t *testing.T) {
	for _, keywords := range []bool{true, false} {
		for _, state := range allStates {
			t.Run(fmt.Sprint(state, keywords), func(t *testing.T) {
				b := newBed(t)
				b.dst.keywords = keywords
				b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`, "$Work")
				b.start(true)
				m := b.open(b.login(), "INBOX")
				uid := m.Changes(0).UIDs
				v := m.Changes(0).Version
				inState(b, m, state, func() {
					must(t, m.Store(t.Context(), uid, FlagsAdd, mapping.NewFlags(`\Flagged`, "$New")))
					must(t, m.Store(t.Context(), uid, FlagsRemove, mapping.NewFlags(`\Seen`)))
					if got := m.Items(uid)[0].Flags; got != mapping.NewFlags(`\Flagged`, "$New", "$Work") {
						t.Errorf("shown: %q", got)
					}
				})
				if c := m.Changes(v); len(c.Flags) != 1 || !c.Same {
					t.Errorf("changes %+v", c)
				}
				if state == "quarantined" {
					b.shows(m, `<1@test> $New $Work \Flagged`)
					b.holds("INBOX")
					return
				}
				b.wait()
				b.shows(m, `<1@test> $New $Work \Flagged`)
				if keywords {
					b.holds("INBOX", `<1@test> $New $Work \Flagged`)
				} else {
					b.holds("INBOX", `<1@test> \Flagged`)
				}
				must(t, m.Store(t.Context(), uid, FlagsSet, mapping.NewFlags(`\Draft`, "$Last")))
				b.shows(m, `<1@test> $Last \Draft`)
				b.dst.with("INBOX", func(box *fakeBox) { box.mark(box.msgs[0].uid, `\Answered`) })
				if !keywords {
					b.shows(m, `<1@test> $Last \Answered`)
				} else {
					b.shows(m, `<1@test> \Answered`)
				}
				b.verified()
			})
		}
	}
}

// TestExpungeInEveryState: the message is gone at once and for good, on the destination too, in a new process too.
func TestExpungeInEveryState(t *testing.T) {
	for _, uidplus := range []bool{true, false} {
		for _, state := range allStates {
			t.Run(fmt.Sprint(state, uidplus), func(t *testing.T) {
				b := newBed(t)
				b.dst.uidplus = uidplus
				b.dst.with("INBOX", func(box *fakeBox) { box.put(message(9, "theirs"), `\Deleted`) })
				b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`)
				b.start(true)
				m := b.open(b.login(), "INBOX")
				uid := m.Changes(0).UIDs[:1]
				inState(b, m, state, func() {
					must(t, m.Expunge(t.Context(), uid))
					if n := len(m.Changes(0).UIDs); n != 1 {
						t.Errorf("%d messages are shown", n)
					}
				})
				b.dst.set(func() { b.dst.refuse = nil })
				theirs := `<9@test> \Deleted`
				b.wait()
				b.shows(m, theirs)
				b.eventually(func() error {
					_ = m.f.refresh(t.Context(), 0)
					return b.dst.check("INBOX", theirs)
				})
				b.verified()
				b.end()
				b.start(false)
				m = b.open(b.login(), "INBOX")
				b.wait()
				b.shows(m, theirs)
				b.holds("INBOX", theirs)
			})
		}
	}
}

// TestMoveInFlight moves a message whose APPEND is under way to a blended folder.
func TestMoveInFlight(t *testing.T) {
	for _, state := range allStates {
		t.Run(state, func(t *testing.T) {
			b := newBed(t)
			b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`)
			b.start(true)
			s := b.login()
			m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
			inState(b, m, state, func() {
				r, err := m.Move(t.Context(), m.Changes(0).UIDs, "Kunden")
				if err != nil || len(r.To) != 1 {
					t.Fatal(r, err)
				}
			})
			b.dst.set(func() { b.dst.refuse = nil })
			b.wait()
			b.shows(m)
			b.shows(k, `<1@test> \Seen`)
			b.eventually(func() error { _ = m.f.refresh(t.Context(), 0); return b.dst.check("INBOX") })
			b.eventually(func() error { return b.dst.check("Kunden", `<1@test> \Seen`) })
			b.verified()
		})
	}
}

// TestFlagsMergeThreeWays: changes of an old client on the source come through, what a user did here stays.
func TestFlagsMergeThreeWays(t *testing.T) {
	for _, modseq := range []bool{true, false} {
		for _, state := range []string{"listed", "before its APPEND", "after its APPEND", "copied"} {
			t.Run(fmt.Sprint(state, modseq), func(t *testing.T) {
				b := newBed(t)
				b.src.modseq, b.dst.modseq = modseq, modseq
				b.src.boxes["INBOX"].put(message(1, "a"), `\Seen`, `\Flagged`)
				b.start(true)
				m := b.open(b.login(), "INBOX")
				inState(b, m, state, func() {
					must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsAdd, mapping.NewFlags("$Mine")))
					must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsRemove, mapping.NewFlags(`\Seen`)))
					b.src.with("INBOX", func(box *fakeBox) { box.mark(1, `\Seen`, `\Answered`) })
				})
				b.wait()
				b.shows(m, `<1@test> $Mine \Answered`)
				b.holds("INBOX", `<1@test> $Mine \Answered`)
				b.verified()
			})
		}
	}
}
