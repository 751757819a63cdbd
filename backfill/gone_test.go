package backfill

import (
	"fmt"
	"testing"

	"crossfade/mapping"
)

// many fills a folder of the source and returns what it shows.
func many(box *fakeBox, n int) (want []string) {
	for i := range n {
		box.put(message(i, "m"), `\Seen`)
		want = append(want, fmt.Sprintf(`<%d@test> \Seen`, i))
	}
	return want
}

// TestSourceSuddenlyEmpty: an unmounted or restored mailbox deletes nothing, sets nothing aside, and when the mail
// is back everything goes on by itself.
func TestSourceSuddenlyEmpty(t *testing.T) {
	for _, modseq := range []bool{true, false} {
		for _, while := range []string{"before the backfill", "while it reads"} {
			t.Run(fmt.Sprint(while, modseq), func(t *testing.T) {
				b := newBed(t)
				b.src.modseq = modseq
				want := many(b.src.boxes["INBOX"], 200)
				b.start(true)
				s := b.login()
				m := b.open(s, "INBOX")
				var kept []*fakeMsg
				vanish := func() {
					b.src.with("INBOX", func(box *fakeBox) { kept, box.msgs = box.msgs, nil; box.modseq++ })
				}
				if while == "while it reads" {
					// The transfer has listed the folder when the mail goes away.
					_, err := m.f.transfer(background(), func() bool { vanish(); b.e.Release(); return false })
					must(t, err)
				} else {
					vanish()
					b.e.Release()
				}
				b.eventually(func() error {
					_ = m.f.refresh(t.Context(), 0)
					if m.f.problem().Text == "" {
						return fmt.Errorf("no problem is told: %+v", m.f.report())
					}
					return nil
				})
				if n := len(m.Changes(0).UIDs); n != 200 {
					t.Fatalf("%d messages are shown", n)
				}
				if err := count(m, func(c Counts) int { return c.Quarantined }, 0); err != nil {
					t.Error(err)
				}
				if err := fetchAll(m); !IsUnavailable(err) {
					t.Errorf("fetch: %v, want unavailable", err)
				}
				b.src.with("INBOX", func(box *fakeBox) { box.msgs = kept; box.modseq++ })
				b.wait()
				b.shows(m, want...)
				b.holds("INBOX", want...)
				b.verified()
			})
		}
	}
}

func fetchAll(m *Mailbox) error {
	return m.Fetch(background(), m.Changes(0).UIDs, []string{"BODY.PEEK[]"}, func(*RawItem) error { return nil })
}

// TestSourceMessageGone: what an old client deletes on the source goes if nobody touched it here, stays as a copy
// if it was copied, and is kept and reported if a client had changed it.
func TestSourceMessageGone(t *testing.T) {
	for _, modseq := range []bool{true, false} {
		b := newBed(t)
		b.src.modseq = modseq
		many(b.src.boxes["INBOX"], 4)
		b.start(true)
		s := b.login()
		m := b.open(s, "INBOX")
		uids := m.Changes(0).UIDs
		must(t, m.Store(t.Context(), uids[1:2], FlagsAdd, mapping.NewFlags(`\Flagged`)))
		must(t, m.Expunge(t.Context(), uids[3:]))
		b.src.with("INBOX", func(box *fakeBox) { box.remove(1, 2, 4) })
		b.eventually(func() error {
			_ = m.f.refresh(t.Context(), 0)
			return count(m, func(c Counts) int { return c.Messages + 10*c.Quarantined + 100*c.Whiteouts }, 112)
		})
		b.e.Release()
		b.wait()
		b.holds("INBOX", `<2@test> \Seen`)
		b.src.with("INBOX", func(box *fakeBox) { box.remove(3) })
		b.eventually(func() error {
			_ = m.f.refresh(t.Context(), 0)
			if l, _ := m.f.get(uids[2]); !l.Lost {
				return fmt.Errorf("the copy is %+v", l)
			}
			return nil
		})
		if got := read(t, m, uids[2]); got != message(2, "m") {
			t.Errorf("the copy is answered with %q", got)
		}
		b.holds("INBOX", `<2@test> \Seen`)
	}
}

// TestFetchOfWhatJustWent: a message that its server does not give any more is never left out silently.
func TestFetchOfWhatJustWent(t *testing.T) {
	for _, copied := range []bool{false, true} {
		b := newBed(t)
		b.opt = func(o *Options) { o.Poll = 1 << 40 }
		many(b.src.boxes["INBOX"], 2)
		b.start(true)
		m := b.open(b.login(), "INBOX")
		if copied {
			b.e.Release()
			b.wait()
			b.e.Hold()
		}
		b.src.with("INBOX", func(box *fakeBox) { box.remove(1) })
		n := 0
		err := m.Fetch(t.Context(), []uint32{1, 2}, []string{"BODY.PEEK[]"}, func(*RawItem) error { n++; return nil })
		if copied && (err != nil || n != 2) || !copied && err == nil {
			t.Errorf("copied %v: %d messages, %v", copied, n, err)
		}
	}
}

// TestSourceFolderGone: a folder that is deleted on the source stays open to clients with what was copied.
func TestSourceFolderGone(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(false)
	s := b.login()
	b.see(b.open(s, "Kunden"))
	b.wait()
	var was *fakeBox
	b.src.with("INBOX.Kunden", func(box *fakeBox) {
		was = box
		delete(b.src.boxes, "INBOX.Kunden")
	})
	m := b.open(s, "Kunden")
	b.shows(m, want...)
	b.holds("Kunden", want...)
	if m.f.report().Note == "" {
		t.Error("nobody is told")
	}
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	b.shows(m, `<0@test> \Flagged \Seen`, want[1], want[2])
	b.verified() // by what was read when it was copied
	b.src.set(func() { b.src.boxes["INBOX.Kunden"] = was })
	b.wait()
	b.verified()
}

// TestDestinationVanishes: few copies that go were deleted by their user and never come back; many at once stop
// the folder and delete nothing.
func TestDestinationVanishes(t *testing.T) {
	for _, gone := range []int{30, 120} {
		b := newBed(t)
		want := many(b.src.boxes["INBOX"], 200)
		b.start(false)
		m := b.open(b.login(), "INBOX")
		b.wait()
		b.shows(m, want...)
		var kept []*fakeMsg
		b.dst.with("INBOX", func(box *fakeBox) {
			kept = append(kept, box.msgs...)
			for _, k := range kept[:gone] {
				box.remove(k.uid)
			}
		})
		if gone == 30 {
			b.shows(m, want[gone:]...)
			b.wait()
			b.holds("INBOX", want[gone:]...)
			b.verified()
			continue
		}
		b.eventually(func() error {
			_ = m.f.refresh(t.Context(), 0)
			if m.f.problem().Text == "" {
				return fmt.Errorf("no problem is told")
			}
			return nil
		})
		b.shows(m, want...)
		if n := len(b.dst.has("INBOX")); n != 80 {
			t.Errorf("%d messages on the destination", n)
		}
		b.dst.with("INBOX", func(box *fakeBox) { box.msgs = kept; box.modseq++ })
		b.wait()
		b.shows(m, want...)
		b.verified()
	}
}

// TestSourceUIDValidity: what is shown stays, under its numbers, when the source's folder is numbered anew.
func TestSourceUIDValidity(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 5)
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	b.wait()
	before := m.Changes(0).UIDs
	b.see(m)
	must(t, m.Expunge(t.Context(), before[:1]))
	b.src.with("INBOX", func(box *fakeBox) {
		box.validity += 77
		for i, k := range box.msgs {
			k.uid = uint32(100 + i)
		}
		box.next = 105
		box.put(message(50, "late"))
	})
	b.shows(m, append(want[1:], `<50@test> `)...)
	b.wait()
	b.holds("INBOX", append(want[1:], `<50@test> `)...)
	if st := m.Status(); st.UIDValidity != 1000 {
		t.Errorf("UIDVALIDITY %d", st.UIDValidity)
	}
	b.verified()
}

// TestSourceCreatedAnew: a source folder that comes back empty under another UIDVALIDITY deletes nothing.
func TestSourceCreatedAnew(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 100)
	b.start(true)
	m := b.open(b.login(), "INBOX")
	var kept []*fakeMsg
	b.src.with("INBOX", func(box *fakeBox) { kept, box.msgs = box.msgs, nil; box.validity++; box.modseq++ })
	b.e.Release()
	b.eventually(func() error {
		_ = m.f.refresh(t.Context(), 0)
		if m.f.problem().Text == "" {
			return fmt.Errorf("no problem is told")
		}
		return nil
	})
	if n := len(m.Changes(0).UIDs); n != 100 {
		t.Errorf("%d messages are shown", n)
	}
	b.src.with("INBOX", func(box *fakeBox) { box.msgs = kept; box.modseq++ })
	b.wait()
	b.shows(m, want...)
	b.holds("INBOX", want...)
	b.verified()
}

// TestDestinationFolderGone: a folder that somebody deletes on the destination is still served from the source.
func TestDestinationFolderGone(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(false)
	s := b.login()
	b.see(b.open(s, "Kunden"))
	b.wait()
	var was *fakeBox
	b.dst.with("Kunden", func(box *fakeBox) {
		was = box
		delete(b.dst.boxes, "Kunden")
	})
	m := b.open(s, "Kunden")
	b.shows(m, want...)
	if m.f.problem().Text == "" {
		t.Error("nobody is told")
	}
	b.dst.set(func() { b.dst.boxes["Kunden"] = was })
	b.wait()
	b.verified()
}
