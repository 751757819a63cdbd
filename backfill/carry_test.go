package backfill

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// removed takes a message out of a source folder as an old client would, and returns it.
func (b *bed) removed(box string, uid uint32) (gone *fakeMsg) {
	b.src.with(box, func(f *fakeBox) {
		i := slices.IndexFunc(f.msgs, func(m *fakeMsg) bool { return m.uid == uid })
		gone = f.msgs[i]
		f.remove(uid)
	})
	return gone
}

// moved moves a message on the source as an old client would: it keeps its bytes, date and flags.
func (b *bed) moved(from string, uid uint32, to string) {
	b.put(to, b.removed(from, uid))
}

func (b *bed) put(to string, m *fakeMsg) {
	b.src.with(to, func(f *fakeBox) { f.put(string(m.body), m.flags.List()...).date = m.date })
}

// carriedBed has ten copied messages in INBOX.
func carriedBed(t *testing.T) (*bed, *Mailbox, []uint32) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 10)
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	b.open(s, "Kunden")
	b.wait()
	return b, m, m.Changes(0).UIDs
}

// settled waits until every loss on the source has been looked into.
func (b *bed) settled(ms ...*Mailbox) {
	b.t.Helper()
	b.eventually(func() error {
		for _, m := range ms {
			if err := m.f.refresh(b.t.Context(), 0); err != nil {
				return err
			}
		}
		for _, m := range ms {
			if m.f.mayHaveLost() || m.f.counted().removing > 0 {
				return fmt.Errorf("%s has losses that nobody looked into: %+v", m.Name(), m.f.counted())
			}
		}
		return nil
	})
}

// TestDeleteCarried: what an old client deletes goes on the destination too, unless anybody touched it since.
func TestDeleteCarried(t *testing.T) {
	b, m, uids := carriedBed(t)
	must(t, m.Store(t.Context(), uids[1:2], FlagsAdd, mapping.NewFlags(`\Flagged`))) // by a client here
	b.dst.with("INBOX", func(box *fakeBox) { box.mark(3, `\Seen`, "$Work") })        // by somebody on the destination
	b.src.with("INBOX", func(box *fakeBox) { box.mark(4, `\Seen`, `\Deleted`) })     // marked, not gone
	for _, uid := range uids[:3] {
		b.removed("INBOX", uid)
	}
	want := []string{`<1@test> \Flagged \Seen`, `<2@test> $Work \Seen`, `<3@test> \Deleted \Seen`}
	for id := 4; id < 10; id++ {
		want = append(want, fmt.Sprintf(`<%d@test> \Seen`, id))
	}
	b.shows(m, want...)
	b.settled(m)
	b.holds("INBOX", want...)
	if err := count(m, func(c Counts) int { return c.Whiteouts }, 1); err != nil {
		t.Error(err)
	}
	b.removed("INBOX", 4) // now it is expunged
	want = slices.Delete(want, 2, 3)
	b.shows(m, want...)
	b.settled(m)
	b.holds("INBOX", want...)
	b.verified()
}

// TestDeleteIsPatient: a copy is not removed by one listing that lacks its message, nor while another folder was
// not looked at, and a message that comes back is back.
func TestDeleteIsPatient(t *testing.T) {
	b := newBed(t)
	b.opt = func(o *Options) { o.Poll, o.Recheck = time.Hour, time.Hour }
	want := many(b.src.boxes["INBOX"], 10)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	gone := b.removed("INBOX", 5)
	must(t, m.f.refresh(t.Context(), 0))
	must(t, m.f.carryGone(t.Context()))
	if l, _ := m.f.get(5); !l.Lost || l.State != store.Copied {
		t.Errorf("the message is %+v", l)
	}
	b.holds("INBOX", want...)
	b.src.with("INBOX", func(box *fakeBox) { box.msgs = append(box.msgs, gone); box.sort() })
	must(t, m.f.refresh(t.Context(), 0))
	b.shows(m, want...)
	m.Close()
	b.end()
	b.opt = func(o *Options) { o.Poll = time.Hour }
	b.start(false)
	m = b.open(b.login(), "INBOX")
	b.removed("INBOX", 5)
	b.shows(m, slices.Delete(slices.Clone(want), 4, 5)...)
	b.settled(m)
	b.holds("INBOX", slices.Delete(slices.Clone(want), 4, 5)...)
	b.src.with("INBOX", func(box *fakeBox) { box.msgs = append(box.msgs, gone); box.sort(); box.modseq++ })
	b.shows(m, want...)
	b.wait()
	b.holds("INBOX", want...)
	b.verified()
}

func (b *fakeBox) sort() {
	slices.SortFunc(b.msgs, func(x, y *fakeMsg) int { return int(x.uid) - int(y.uid) })
}

// TestMoveCarried: a message that is moved on the source ends in its new folder only, with what its user changed,
// whichever folder is looked at first, and whether a client copies and deletes or moves.
func TestMoveCarried(t *testing.T) {
	for _, first := range []string{"gone first", "new first", "long after"} {
		for _, touched := range []bool{false, true} {
			t.Run(fmt.Sprint(first, touched), func(t *testing.T) {
				b, m, uids := carriedBed(t)
				k := b.open(m.session(), "Kunden")
				want := `<4@test> \Seen`
				if touched {
					must(t, m.Store(t.Context(), uids[4:5], FlagsAdd, mapping.NewFlags("$Todo")))
					must(t, m.Store(t.Context(), uids[4:5], FlagsRemove, mapping.NewFlags(`\Seen`)))
					want = "<4@test> $Todo"
				}
				gone := b.removed("INBOX", 5)
				switch first {
				case "gone first":
					must(t, m.f.refresh(t.Context(), 0))
					b.put("INBOX.Kunden", gone)
				case "new first":
					b.src.with("INBOX", func(box *fakeBox) { box.msgs = append(box.msgs, gone); box.sort() })
					b.put("INBOX.Kunden", gone)
					must(t, k.f.refresh(t.Context(), 0))
					b.removed("INBOX", 5)
				default:
					b.src.with("INBOX", func(box *fakeBox) { box.msgs = append(box.msgs, gone); box.sort() })
					b.put("INBOX.Kunden", gone)
					must(t, k.f.refresh(t.Context(), 0))
					b.wait()
					b.removed("INBOX", 5)
				}
				b.shows(k, want)
				b.settled(m, k)
				b.wait()
				b.holds("Kunden", want)
				if n := len(b.dst.has("INBOX")); n != 9 {
					t.Errorf("%d messages are left in the INBOX: %q", n, b.dst.has("INBOX"))
				}
				b.verified()
			})
		}
	}
}

// TestMoveOfUncopied: what a client changed on a message that is not copied yet goes along when an old client moves
// it on the source.
func TestMoveOfUncopied(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 3)
	b.start(true)
	s := b.login()
	m, k := b.open(s, "INBOX"), b.open(s, "Kunden")
	must(t, m.f.learnDetails(t.Context()))
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags("$Todo")))
	b.moved("INBOX", 1, "INBOX.Kunden")
	b.moved("INBOX", 2, "INBOX.Kunden")
	b.eventually(func() error {
		return errors.Join(m.f.refresh(t.Context(), 0), count(m, func(c Counts) int { return c.Listed }, 1))
	})
	b.e.Release()
	b.shows(k, `<0@test> $Todo \Seen`, want[1])
	b.shows(m, want[2])
	b.wait()
	b.holds("Kunden", `<0@test> $Todo \Seen`, want[1])
	b.holds("INBOX", want[2])
	b.verified()
}

// TestAccountLosesMuch: many small losses that are much together are not believed.
func TestAccountLosesMuch(t *testing.T) {
	b := newBed(t)
	for i := range 4 {
		many(b.src.add("INBOX.F"+strconv.Itoa(i)), 40)
	}
	many(b.src.boxes["INBOX"], 2)
	b.start(false)
	s := b.login()
	var ms []*Mailbox
	for i := range 4 {
		ms = append(ms, b.open(s, "F"+strconv.Itoa(i)))
	}
	b.wait()
	for i := range 4 {
		b.src.with("INBOX.F"+strconv.Itoa(i), func(box *fakeBox) { box.msgs = box.msgs[:20]; box.modseq++ })
	}
	b.eventually(func() error {
		lost := 0
		for _, m := range ms {
			_ = m.f.refresh(t.Context(), 0)
			lost += m.f.counted().lost
		}
		if doubt := b.e.Status().Accounts[0].Doubt; lost != 80 || doubt == "" {
			return fmt.Errorf("%d lost, doubt %q", lost, doubt)
		}
		return nil
	})
	<-time.After(150 * time.Millisecond)
	for i := range 4 {
		if n := len(b.dst.has("F" + strconv.Itoa(i))); n != 40 {
			t.Errorf("%d copies are left", n)
		}
	}
}

// TestStopWhileCarrying kills the process at each write while deletes and moves are carried over.
func TestStopWhileCarrying(t *testing.T) {
	t.Parallel()
	for n, died := 1, true; died; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { died = stopWhileCarrying(t, n) })
		if n > 80 {
			t.Fatal("the process never came to the end")
		}
	}
}

func stopWhileCarrying(t *testing.T, n int) (died bool) {
	b, m, uids := carriedBed(t)
	must(t, m.Store(t.Context(), uids[4:5], FlagsAdd, mapping.NewFlags("$Todo")))
	must(t, m.Store(t.Context(), uids[1:2], FlagsAdd, mapping.NewFlags("$Todo")))
	m.Close()
	b.end()
	b.removed("INBOX", 1)
	b.removed("INBOX", 2)
	b.moved("INBOX", 4, "INBOX.Kunden")
	b.moved("INBOX", 5, "INBOX.Kunden")
	under := b.kv
	kv := freezable(b.kv, n+2, n%2 == 0)
	b.kv = kv
	b.start(false)
	run := func() bool {
		s, err := b.e.Login(t.Context(), "Ann@example.test", "pw")
		if err != nil {
			return false
		}
		m, err := s.Open(t.Context(), "INBOX", false)
		if err != nil {
			return false
		}
		defer m.Close()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick() {
			if m.f.refresh(t.Context(), 0) != nil {
				return false
			}
			if m.f.counted().lost == 1 && !m.f.mayHaveLost() && m.f.counted().removing == 0 && b.e.Status().Done {
				return true
			}
			select {
			case <-kv.died:
				return false
			default:
			}
		}
		t.Error("not done")
		return false
	}
	done := run()
	kv.kill()
	b.end()
	b.kv = under
	b.start(false)
	s := b.login()
	m = b.open(s, "INBOX")
	k := b.open(s, "Kunden")
	b.settled(m, k)
	b.wait()
	b.shows(m, `<1@test> $Todo \Seen`, `<2@test> \Seen`, `<5@test> \Seen`, `<6@test> \Seen`, `<7@test> \Seen`, `<8@test> \Seen`, `<9@test> \Seen`)
	b.shows(k, `<3@test> \Seen`, `<4@test> $Todo \Seen`)
	b.holds("INBOX", lines(b.see(m))...)
	b.holds("Kunden", lines(b.see(k))...)
	b.verified()
	return !done
}
