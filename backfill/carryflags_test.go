package backfill

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// lower looks at the source alone.
func (m *Mailbox) lower(b *bed) {
	b.t.Helper()
	must(b.t, m.f.sync.take(b.t.Context()))
	defer m.f.sync.release()
	must(b.t, m.f.lookLower(b.t.Context()))
}

// TestFlagsReadBeforeListing: flags that came with a body are older than those of a listing that was taken in meanwhile.
func TestFlagsReadBeforeListing(t *testing.T) {
	b := newBed(t)
	b.src.boxes["INBOX"].put(message(1, "a"))
	var m *Mailbox
	var once atomic.Bool
	b.src.onRead = func(box string, _ int) {
		if box == "INBOX" && once.CompareAndSwap(false, true) {
			b.src.with("INBOX", func(in *fakeBox) { in.mark(1, `\Seen`) })
			m.lower(b)
		}
	}
	b.start(true)
	m = b.open(b.login(), "INBOX")
	b.e.Release()
	b.wait()
	b.shows(m, `<1@test> \Seen`)
	b.holds("INBOX", `<1@test> \Seen`)
	b.verified()
}

// copied is a bed with one message on both sides, which the engine looks at when it is told to only.
func copied(t *testing.T) (*bed, *Mailbox) {
	b := newBed(t)
	b.src.boxes["INBOX"].put(message(1, "a"))
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	b.e.Hold()
	return b, m
}

// TestFlagsOfFreshCopy: what became a copy after the copies' flags were stored is not taken for carried.
func TestFlagsOfFreshCopy(t *testing.T) {
	b, m := copied(t)
	entries := []Entry{{UID: 1, Flags: mapping.NewFlags(`\Seen`)}}
	must(t, m.f.sync.take(t.Context()))
	st := m.f.source[0].state
	if err := m.f.mergeLower(0, st, entries, Scan{Flags: true}, nil); !errors.Is(err, errLate) {
		t.Errorf("got %v", err)
	}
	if l := m.f.where(func(*store.Link) bool { return true })[0]; m.f.flags(l.Base) != "" || m.f.flags(l.Flags) != "" {
		t.Errorf("it was changed: %+v", l)
	}
	b.src.with("INBOX", func(in *fakeBox) { in.mark(1, `\Seen`) })
	must(t, m.f.takeLower(t.Context(), 0, st, entries, Scan{Flags: true}))
	m.f.sync.release()
	b.holds("INBOX", `<1@test> \Seen`)
	b.shows(m, `<1@test> \Seen`)
}

// TestFlagsTwice: a flag that comes and goes on the source does so on the destination, also between two looks there.
func TestFlagsTwice(t *testing.T) {
	b, m := copied(t)
	for _, flags := range [][]string{{`\Seen`}, {}, {`\Seen`, "$Work"}, {`\Flagged`}} {
		b.src.with("INBOX", func(in *fakeBox) { in.mark(1, flags...) })
		m.lower(b)
		b.holds("INBOX", "<1@test> "+string(mapping.NewFlags(flags...)))
	}
	b.shows(m, `<1@test> \Flagged`)
}

// TestFlagsOfBothSides: what somebody changed on the destination is seen although the source's flags were carried first.
func TestFlagsOfBothSides(t *testing.T) {
	b, m := copied(t)
	b.dst.with("INBOX", func(in *fakeBox) { in.mark(1, `\Answered`) })
	b.src.with("INBOX", func(in *fakeBox) { in.mark(1, `\Seen`) })
	m.lower(b)
	b.shows(m, `<1@test> \Answered \Seen`)
	b.holds("INBOX", `<1@test> \Answered \Seen`)
}

// TestFlagsStoredWhileListed: a listing of the destination that began before a client's STORE does not undo it.
func TestFlagsStoredWhileListed(t *testing.T) {
	for _, condstore := range []bool{true, false} {
		b := newBed(t)
		b.dst.modseq = condstore
		b.dst.boxes["INBOX"].put(message(1, "a"))
		var m *Mailbox
		var armed atomic.Bool
		b.dst.onScan = func(box string, n int) {
			if n > 0 && armed.CompareAndSwap(true, false) {
				must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsAdd, mapping.NewFlags(`\Seen`)))
			}
		}
		b.start(true)
		m = b.open(b.login(), "INBOX")
		b.shows(m, "<1@test> ")
		must(t, m.f.writer.take(t.Context()))
		b.dst.with("INBOX", func(in *fakeBox) { in.mark(1, `\Flagged`) })
		armed.Store(true)
		must(t, m.f.lookUpper(t.Context()))
		m.f.writer.release()
		if armed.Load() {
			t.Error("nothing was listed")
		}
		if got := lines(b.see(m)); len(got) != 1 || got[0] != `<1@test> \Flagged \Seen` {
			t.Errorf("shown is %q", got)
		}
	}
}

// TestFlagsOfLostPair: a message that is on both sides vanishes from the source, for a moment or for good, before it
// was compared: what a client changed of its flags is what the destination then has.
func TestFlagsOfLostPair(t *testing.T) {
	for _, back := range []bool{false, true} {
		b := newBed(t)
		was := *b.src.boxes["INBOX"].put(message(1, "a"), "$Todo", `\Flagged`)
		b.dst.boxes["INBOX"].put(message(1, "a"), "$Todo", `\Answered`).date = was.date
		b.start(true)
		m := b.open(b.login(), "INBOX")
		must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsSet, mapping.NewFlags(`\Seen`)))
		b.src.with("INBOX", func(in *fakeBox) { in.remove(1) })
		must(t, m.f.refresh(t.Context(), 0))
		b.shows(m, `<1@test> \Answered \Seen`)
		b.holds("INBOX", `<1@test> \Answered \Seen`)
		if back {
			b.src.with("INBOX", func(in *fakeBox) {
				in.put(message(1, "a"), "$Todo", `\Flagged`).uid = 1
				in.next = 2
			})
		}
		b.e.Release()
		b.wait()
		b.shows(m, `<1@test> \Answered \Seen`)
		b.holds("INBOX", `<1@test> \Answered \Seen`)
		b.verified()
		b.end()
	}
}

// TestFlagsWhenNumberedAnew: flags that change on the source while its UIDVALIDITY does are carried.
func TestFlagsWhenNumberedAnew(t *testing.T) {
	b, m := copied(t)
	b.src.with("INBOX", func(in *fakeBox) {
		in.validity += 1000
		in.mark(1, `\Seen`)
	})
	must(t, m.f.refresh(t.Context(), 0))
	b.shows(m, `<1@test> \Seen`)
	b.holds("INBOX", `<1@test> \Seen`)
}

// TestFlagsFromEverywhere: two clients and an old one on the source change the flags of one message at the same time; a
// destination without CONDSTORE tells nobody afterwards, so what is shown has to be what it has.
func TestFlagsFromEverywhere(t *testing.T) {
	b := newBed(t)
	b.dst.modseq = false
	b.dst.stored = func() { <-time.After(time.Duration(rand.IntN(1000)) * time.Microsecond) }
	b.src.boxes["INBOX"].put(message(1, "a"))
	b.start(false)
	s := []*Mailbox{b.open(b.login(), "INBOX"), b.open(b.login(), "INBOX")}
	b.wait()
	b.e.Hold()
	for n := range 60 {
		var g sync.WaitGroup
		for i, m := range s {
			g.Go(func() {
				must(t, m.Store(t.Context(), m.Changes(0).UIDs, []FlagOp{FlagsAdd, FlagsRemove}[(n+i)%2], mapping.NewFlags(`\Seen`)))
			})
		}
		g.Go(func() {
			b.src.with("INBOX", func(in *fakeBox) { in.mark(1, []string{`\Seen`, `\Answered`}[n%2]) })
			s[0].lower(b)
		})
		g.Wait()
		if shown, has := lines(b.see(s[0])), b.dst.has("INBOX"); !slices.Equal(shown, has) {
			t.Fatalf("round %d: shown is %q, the destination has %q", n, shown, has)
		}
	}
}
