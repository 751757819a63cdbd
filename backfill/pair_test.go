package backfill

import (
	"fmt"
	"slices"
	"testing"

	"crossfade/mapping"
	"crossfade/store"
)

// seed puts the same message on both sides, as an earlier copier did.
func (b *bed) seed(id int, text string, below, above []string) {
	m := b.src.boxes["INBOX"].put(message(id, text), below...)
	b.dst.boxes["INBOX"].put(string(m.body), above...).date = m.date
}

// TestPairs: what both sides have is shown once and never copied again; what only looks the same is two messages. It is so
// where the destination has most of the mail, and where it has a little of much.
func TestPairs(t *testing.T) {
	for _, others := range []int{0, 100} {
		t.Run(fmt.Sprint(others), func(t *testing.T) { testPairs(t, others) })
	}
}

// testPairs has as many others on the source alone, half of them as long as the pairs are.
func testPairs(t *testing.T, others int) {
	b := newBed(t)
	var rest []string
	for i := range others {
		b.src.boxes["INBOX"].put(message(1000+i, "long enough"[:1+i%2*10])) // ids of four digits
		rest = append(rest, fmt.Sprintf(`<%d@test> `, 1000+i))
	}
	b.seed(1, "a", []string{`\Seen`}, []string{`\Answered`})
	b.seed(2, "b", nil, nil)
	for range 3 { // twins: three below, two above
		b.src.boxes["INBOX"].put(message(3, "t"))
	}
	twins := b.src.boxes["INBOX"].msgs[others+2:]
	for i := range 2 {
		b.dst.boxes["INBOX"].put(message(3, "t")).date = twins[i].date
	}
	m := b.src.boxes["INBOX"].put(message(4, "c"))
	b.dst.boxes["INBOX"].put(message(4, "d")).date = m.date // same size, Message-ID and date, other bytes
	b.dst.boxes["INBOX"].put(message(5, "only above"))
	if others > 0 { // of the size of many, and none of them
		b.dst.boxes["INBOX"].put(message(1000, "y"))
		rest = append(rest, `<1000@test> `)
	}
	b.start(true)
	box := b.open(b.login(), "INBOX")
	one, two, twin, four := `<1@test> \Answered \Seen`, `<2@test> `, `<3@test> `, `<4@test> `
	first := box.Changes(0).UIDs
	shown := len(first)
	if shown != 7+others { // those of other bytes are taken for pairs until these are read
		t.Fatalf("%d messages are shown", shown)
	}
	if learnt := len(box.f.where(func(l *store.Link) bool { return l.Src != 0 && l.HasDetails })); others > 0 && learnt > 6+others/2 {
		t.Errorf("the source was asked for the details of %d messages", learnt)
	}
	b.see(box)
	b.e.Release()
	b.wait()
	want := append(rest, one, two, twin, twin, twin, four, four, `<5@test> `)
	b.shows(box, want...)
	b.holds("INBOX", want...)
	b.verified()
	if now := box.Changes(0).UIDs; !slices.Equal(now[:shown], first) || now[len(now)-1] <= first[shown-1] {
		t.Errorf("shown %v, then %v", first, now)
	}
}

// TestFlagsOfPairs: a change that a client makes before a pair is confirmed wins over both sides' flags.
func TestFlagsOfPairs(t *testing.T) {
	b := newBed(t)
	b.seed(1, "a", []string{`\Seen`, `\Flagged`}, []string{`\Seen`, `\Answered`})
	b.start(true)
	m := b.open(b.login(), "INBOX")
	must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsRemove, mapping.NewFlags(`\Seen`)))
	must(t, m.Store(t.Context(), m.Changes(0).UIDs, FlagsAdd, mapping.NewFlags(`\Draft`)))
	b.e.Release()
	b.wait()
	b.shows(m, `<1@test> \Answered \Draft \Flagged`)
	b.holds("INBOX", `<1@test> \Answered \Draft \Flagged`)
	b.verified()
}

// TestExpungeOfPairs: a deleted pair is gone on both sides; of two different messages only the one that was shown.
func TestExpungeOfPairs(t *testing.T) {
	for _, same := range []bool{true, false} {
		for _, move := range []bool{true, false} {
			b := newBed(t)
			b.seed(1, "a", nil, nil)
			var left []string
			if !same {
				b.dst.boxes["INBOX"].msgs[0].body = []byte(message(1, "b"))
				left = []string{`<1@test> `}
			}
			b.start(true)
			s := b.login()
			m := b.open(s, "INBOX")
			var err error
			if move {
				_, err = m.Move(t.Context(), m.Changes(0).UIDs[:1], "Kunden")
			} else {
				err = m.Expunge(t.Context(), m.Changes(0).UIDs[:1])
			}
			must(t, err)
			b.shows(m, left...)
			b.e.Release()
			b.wait()
			b.shows(m, left...)
			b.holds("INBOX", left...)
			if move {
				b.holds("Kunden", `<1@test> `)
			}
			b.verified()
		}
	}
}

// TestPairThatCannotBeConfirmed: the source's message went before it was compared. What the destination has stays
// visible: it is nobody's copy.
func TestPairThatCannotBeConfirmed(t *testing.T) {
	b := newBed(t)
	b.opt = func(o *Options) { o.Poll = 1 << 40 }
	b.seed(1, "a", nil, nil)
	b.start(true)
	m := b.open(b.login(), "INBOX")
	b.src.with("INBOX", func(box *fakeBox) { box.remove(1) })
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs))
	b.shows(m, b.dst.has("INBOX")...)
	b.e.Release()
	b.wait()
	b.shows(m, b.dst.has("INBOX")...)
	b.verified()
}
