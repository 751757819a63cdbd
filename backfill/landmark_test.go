package backfill

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// TestLandmarksAgree: only the destination's own words against themselves, and no single thing that differs, make another
// message of one.
func TestLandmarksAgree(t *testing.T) {
	mark := store.Landmark{UID: 7, Size: 100, Date: 1000, MsgID: 5}
	at := func(uid uint32, size, date int64, id mapping.MessageID) Entry {
		e := Entry{UID: uid, Size: size, MsgID: id}
		if date != 0 {
			e.Date = time.Unix(date, 0)
		}
		return e
	}
	none := mark
	none.MsgID = 0
	for name, c := range map[string]struct {
		mark store.Landmark
		next uint32
		is   []Entry
		want bool
	}{
		"the same":                             {mark, 8, []Entry{at(7, 100, 1000, 5)}, true},
		"in another zone":                      {mark, 8, []Entry{{UID: 7, Size: 100, Date: time.Unix(1000, 0).In(time.FixedZone("", 3600)), MsgID: 5}}, true},
		"gone":                                 {mark, 8, nil, true},
		"gone, others there":                   {mark, 9, []Entry{at(8, 1, 1, 1)}, true},
		"no UIDNEXT told":                      {mark, 0, []Entry{at(7, 100, 1000, 5)}, true},
		"UIDNEXT at it":                        {mark, 7, nil, false},
		"UIDNEXT below it":                     {mark, 1, nil, false},
		"another":                              {mark, 8, []Entry{at(7, 90, 900, 4)}, false},
		"another of the same size":             {mark, 8, []Entry{at(7, 100, 900, 4)}, false},
		"another of the same second":           {mark, 8, []Entry{at(7, 90, 1000, 4)}, false},
		"its size was an estimate":             {mark, 8, []Entry{at(7, 104, 1000, 5)}, true},
		"its date was lost":                    {mark, 8, []Entry{at(7, 100, 2000, 5)}, true},
		"its size and its date":                {mark, 8, []Entry{at(7, 104, 2000, 5)}, true},
		"its Message-ID alone":                 {mark, 8, []Entry{at(7, 100, 1000, 4)}, true},
		"its header is not at hand":            {mark, 8, []Entry{at(7, 100, 1000, 0)}, true},
		"nothing is told of it":                {mark, 8, []Entry{at(7, -1, 0, 0)}, true},
		"without Message-ID, the same":         {none, 8, []Entry{at(7, 100, 1000, 0)}, true},
		"without Message-ID, another size":     {none, 8, []Entry{at(7, 90, 1000, 0)}, true},
		"without Message-ID, another":          {none, 8, []Entry{at(7, 90, 900, 0)}, false},
		"without Message-ID, another with one": {none, 8, []Entry{at(7, 90, 900, 4)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (Landmarks{1, []store.Landmark{c.mark}}).Agree(c.next, c.is); got != c.want {
				t.Error(got)
			}
		})
	}
}

// foreign is a message that was never in a mailbox before.
func foreign(n int) string { return message(5000+n, strings.Repeat("f", n%50)) }

// TestMadeAnewUnderTheSameNumbers: the destination's folder is made anew by hand and has the UIDVALIDITY that it had. It is
// noticed before a number is used: nobody is shown another message, none is changed or deleted, nothing is copied there, and
// the admin is told. When the old folder is put back all goes on; when it is to be begun with anew, all is copied there.
func TestMadeAnewUnderTheSameNumbers(t *testing.T) {
	put := func(box *fakeBox, n int) {
		for i := range n {
			m := box.put(foreign(i))
			m.date = m.date.AddDate(3, 0, 0)
		}
	}
	for name, remake := range map[string]func(box *fakeBox){
		"empty":          func(box *fakeBox) {},
		"fewer messages": func(box *fakeBox) { put(box, 5) },
		"as many":        func(box *fakeBox) { put(box, 31) },
		"more":           func(box *fakeBox) { put(box, 100) },
	} {
		for _, restored := range []bool{true, false} {
			t.Run(fmt.Sprint(name, restored), func(t *testing.T) {
				b, m, want := landmarked(t)
				old := *b.dst.boxes["Kunden"]
				b.dst.with("Kunden", func(box *fakeBox) { box.msgs, box.next, box.modseq = nil, 1, 1; remake(box); box.modseq += 500 })
				there := b.dst.bodies("Kunden")
				b.touches(m)
				b.asks(m)
				b.touches(m)
				if text := m.f.problem().Text; !strings.Contains(text, "accept") {
					t.Error(text)
				}
				if now := b.dst.bodies("Kunden"); !slices.Equal(there, now) {
					t.Errorf("the new folder was changed:\n%q\n%q", there, now)
				}
				if restored {
					b.dst.with("Kunden", func(box *fakeBox) { *box = old; box.modseq += 1000 })
					b.eventually(func() error {
						_ = m.f.refresh(t.Context(), 0)
						if text := m.f.problem().Text; text != "" {
							return errors.New(text)
						}
						return nil
					})
					b.holds("Kunden", want...)
					b.verified()
					return
				}
				b.accept("Kunden", true)
				b.wait()
				got := b.dst.bodies("Kunden")
				for _, body := range append(there, b.src.bodies("INBOX.Kunden")[:30]...) {
					if i := slices.Index(got, body); i >= 0 {
						got = slices.Delete(got, i, i+1)
						continue
					}
					t.Errorf("%q is not there", body)
				}
				if len(got) > 0 {
					t.Errorf("doubled: %q", got)
				}
				b.verified()
			})
		}
	}
}

// landmarked is a folder of 30 messages that was copied, and has one that only the destination has.
func landmarked(t *testing.T) (*bed, *Mailbox, []string) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 30)
	b.start(false)
	m := b.open(b.login(), "Kunden")
	b.wait()
	b.dst.with("Kunden", func(box *fakeBox) { box.put(message(900, "own")) })
	want = append(want, "<900@test> ")
	b.shows(m, want...)
	b.eventually(func() error {
		_ = m.f.refresh(t.Context(), 0)
		if n := len(m.f.record().Landmarks); n != mostLandmarks {
			return fmt.Errorf("%d landmarks", n)
		}
		return nil
	})
	return b, m, want
}

// touches does what clients do with each message. What they read must be right, and nothing may change on the destination.
func (b *bed) touches(m *Mailbox) {
	t := b.t
	t.Helper()
	ctx := t.Context()
	for _, uid := range m.Changes(0).UIDs {
		l, _ := m.f.get(uid)
		err := m.Fetch(ctx, []uint32{uid}, []string{"BODY.PEEK[]"}, func(it *RawItem) error {
			if att, err := it.Next(); err == nil && l.State == store.Above {
				t.Errorf("UID %d, which only the destination had, is shown: %v", uid, att.Name)
			}
			return nil
		})
		if (err == nil) != (l.State != store.Above) {
			t.Errorf("UID %d, %v: %v", uid, l.State, err)
		}
		if err := m.Store(ctx, []uint32{uid}, FlagsAdd, mapping.NewFlags(`\Deleted`)); err == nil {
			t.Errorf("UID %d was marked as deleted", uid)
		}
		if err := m.Expunge(ctx, []uint32{uid}); err == nil {
			t.Errorf("UID %d was expunged", uid)
		}
	}
	b.src.set(func() { b.src.down = true }) // now the destination would answer
	for _, uid := range m.Changes(0).UIDs {
		if err := m.Fetch(ctx, []uint32{uid}, []string{"BODY.PEEK[]"}, func(*RawItem) error { return nil }); err == nil {
			t.Errorf("UID %d is shown from the destination", uid)
		}
	}
	b.src.set(func() { b.src.down = false })
}

// TestLandmarksStayWhenAllIsWell: what users and servers do with a mailbox never makes another one of it.
func TestLandmarksStayWhenAllIsWell(t *testing.T) {
	for name, do := range map[string]func(b *bed, m *Mailbox){
		"all are deleted but one": func(b *bed, m *Mailbox) { must(b.t.(tester), m.Expunge(b.t.Context(), m.Changes(0).UIDs[1:])) },
		"all are deleted":         func(b *bed, m *Mailbox) { must(b.t.(tester), m.Expunge(b.t.Context(), m.Changes(0).UIDs)) },
		"sizes are estimates": func(b *bed, _ *Mailbox) {
			b.dst.with("Kunden", func(box *fakeBox) {
				for _, m := range box.msgs {
					m.body = append([]byte("X: y\r\n"), m.body...)
				}
			})
		},
		"dates are lost": func(b *bed, _ *Mailbox) {
			b.dst.with("Kunden", func(box *fakeBox) {
				for _, m := range box.msgs {
					m.date = time.Now()
				}
			})
		},
		"much comes": func(b *bed, _ *Mailbox) {
			b.dst.with("Kunden", func(box *fakeBox) {
				for i := range 300 {
					box.put(foreign(i))
				}
			})
		},
		"the program starts anew": func(b *bed, m *Mailbox) {},
	} {
		t.Run(name, func(t *testing.T) {
			b, m, _ := landmarked(t)
			do(b, m)
			m.Close()
			b.stop()
			b.start(false)
			b.login()
			m = b.open(b.login(), "Kunden")
			b.eventually(func() error { return m.f.refresh(t.Context(), 0) })
			b.wait()
			if text := m.f.problem().Text; text != "" {
				t.Error(text)
			}
		})
	}
}
