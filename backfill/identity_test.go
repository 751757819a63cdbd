package backfill

import (
	"fmt"
	"slices"
	"testing"

	"crossfade/store"
)

// TestIdentity: under which UIDVALIDITY and numbers a folder is shown.
func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		name   string
		bend   func(b *bed)
		folder string
		own    bool
	}{
		{"the source's", func(*bed) {}, "INBOX", false},
		{"another name", func(*bed) {}, "Sent Items", false},
		{"equal UIDVALIDITY", func(b *bed) { b.dst.boxes["INBOX"].validity = b.src.boxes["INBOX"].validity }, "INBOX", true},
		{"UIDVALIDITY 0", func(b *bed) { b.src.boxes["INBOX"].validity = 0 }, "INBOX", true},
		{"UIDNEXT too high", func(b *bed) { b.src.boxes["INBOX"].next = sourceLimit }, "INBOX", true},
		{"UIDNEXT at the end", func(b *bed) { b.src.boxes["INBOX"].next = 1<<32 - 1 }, "INBOX", true},
		{"merged, equal UIDVALIDITY", func(b *bed) {
			b.src.add("INBOX.Sent Items").validity = b.src.boxes["INBOX.Sent"].validity
		}, "Sent Items", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t)
			c.bend(b)
			b.dst.boxes["INBOX"].put(message(1, "above"))
			b.start(true)
			m := b.open(b.login(), c.folder)
			id, rec := m.f.record().Identity, m.f.record()
			if id.Own != c.own || !id.Fixed || id.Native {
				t.Errorf("identity %+v", rec)
			}
			st := m.Status()
			if c.own && (st.UIDValidity == rec.DestUIDValidity || st.UIDNext <= ownFirst-1 || st.UIDValidity >= validityLimit) {
				t.Errorf("status %+v", st)
			}
			for _, s := range rec.Sources {
				if c.own == (st.UIDValidity == s.UIDValidity) && s.UIDValidity != 0 {
					t.Errorf("UIDVALIDITY %d, source %+v", st.UIDValidity, s)
				}
			}
			b.e.Release()
			b.see(m)
		})
	}
}

// TestGapIsFixedAtFirstOpen: until then the source's numbers are shown ones however long the backfill runs; from
// then on everything new is above the gap, whichever side it comes to.
func TestGapIsFixedAtFirstOpen(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.dst.boxes["INBOX"].put(message(90, "above"))
	b.start(false)
	s := b.login()
	b.wait()
	f := s.a.match("INBOX")
	if f.record().Identity.Fixed {
		t.Fatal("the backfill fixed the identity")
	}
	b.src.with("INBOX", func(box *fakeBox) { box.put(message(50, "before")) })
	b.eventually(func() error {
		if n := len(b.dst.has("INBOX")); n != 7 {
			return fmt.Errorf("%d messages", n)
		}
		return nil
	})
	m := b.open(s, "INBOX")
	want := []uint32{1, 2, 3, 4, 5, 6, 7 + gap}
	if got := m.Changes(0).UIDs; !slices.Equal(got, want) || m.Status().UIDNext != 8+gap {
		t.Fatalf("shown %v, UIDNEXT %d", got, m.Status().UIDNext)
	}
	b.see(m)
	b.src.with("INBOX", func(box *fakeBox) { box.put(message(51, "after")) })
	b.eventually(func() error { return b.watched(m, 8) })
	b.dst.with("INBOX", func(box *fakeBox) { box.put(message(91, "after")) })
	b.eventually(func() error { return b.watched(m, 9) })
	if got := m.Changes(0).UIDs; got[7] != 8+gap || got[8] != 9+gap {
		t.Errorf("shown %v", got)
	}
	b.see(m)
	b.end()
	b.start(false)
	m = b.open(b.login(), "INBOX")
	b.wait()
	if got := m.Changes(0).UIDs; len(got) != 9 || got[5] != 6 || got[8] != 9+gap {
		t.Errorf("shown %v", got)
	}
	b.see(m)
	b.verified()
}

// watched complains until the folder shows n messages; only the watcher may bring them.
func (b *bed) watched(m *Mailbox, n int) error {
	if got := len(m.Changes(0).UIDs); got != n {
		return fmt.Errorf("%d messages are shown, want %d", got, n)
	}
	return nil
}

// TestMergedFolders: two folders of the source in one, each with its mail, in one order.
func TestMergedFolders(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX.Sent"], 3)
	other := b.src.add("INBOX.Sent Items")
	for i := range 3 {
		other.put(message(100+i, "other"))
	}
	b.start(true)
	s := b.login()
	m := b.open(s, "Sent Items")
	if len(ownSources(m.f.record())) != 2 {
		t.Fatalf("not merged: %+v", m.f.record())
	}
	uids := m.Changes(0).UIDs
	if len(uids) != 6 || uids[2] != 3 || uids[3] <= gap {
		t.Fatalf("shown %v", uids)
	}
	before := b.see(m)
	b.e.Release()
	b.wait()
	if after := b.see(m); !slices.Equal(before, after) {
		t.Errorf("%v, then %v", before, after)
	}
	b.verified()
}

// TestSourceJoinsNative: a source folder turns up for a folder that only the destination had, before and after
// clients saw that.
func TestSourceJoinsNative(t *testing.T) {
	for _, opened := range []bool{true, false} {
		b := newBed(t)
		for i := range 3 {
			b.dst.add("Plain"+fmt.Sprint(i)).put(message(i, "above"), `\Seen`)
		}
		b.start(false)
		s := b.login()
		if opened {
			b.see(b.open(s, "Plain1"))
		}
		b.wait()
		b.src.set(func() { many(b.src.add("INBOX.Plain1"), 3) })
		b.eventually(func() error {
			if n := len(b.dst.has("Plain1")); n != 4 {
				return fmt.Errorf("%d messages", n)
			}
			return nil
		})
		m := b.open(s, "Plain1")
		b.shows(m, b.dst.has("Plain1")...)
		if id := m.f.record().Identity; id.Native != opened || opened && id.UIDValidity != m.f.record().DestUIDValidity {
			t.Errorf("opened %v, identity %+v", opened, id)
		}
		b.wait()
		b.verified()
	}
}

// TestNativeOrder: in a folder of the destination's numbers, a client's APPEND does not overtake mail that came
// before it.
func TestNativeOrder(t *testing.T) {
	b := newBed(t)
	b.opt = func(o *Options) { o.Poll = 1 << 40 }
	b.dst.add("Plain").put(message(1, "a"))
	b.start(false)
	s := b.login()
	m := b.open(s, "Plain")
	b.see(m)
	v := m.Changes(0).Version
	b.dst.set(func() {
		b.dst.onAppend = once(func() { b.dst.with("Plain", func(box *fakeBox) { box.put(message(2, "theirs")) }) })
	})
	_, uids, err := s.Append(t.Context(), "Plain", []AppendItem{item(message(3, "mine"))})
	if err != nil || !slices.Equal(uids, []uint32{3}) {
		t.Fatal(uids, err)
	}
	if got := m.Changes(v).UIDs; !slices.Equal(got, []uint32{1, 2, 3}) {
		t.Errorf("shown %v: what is told later must have a greater number", got)
	}
	b.see(m)
}

// TestNameWasAnothers: a name that belonged to another folder on the source does not lend its cache to this one.
func TestNameWasAnothers(t *testing.T) {
	b := newBed(t)
	b.start(true)
	s := b.login()
	must(t, s.known(t.Context()))
	s.a.mu.Lock()
	s.a.treeInfo.source = append(s.a.treeInfo.source, Folder{Name: "Deleted Items"})
	s.a.mu.Unlock()
	if m := b.open(s, "Deleted Items"); !m.f.record().Identity.Own {
		t.Errorf("identity %+v", m.f.record().Identity)
	}
}

// TestOwnValidity: a number that is made up is below the destination's, above all that clients may know, and neither
// another folder's nor what another folder will be shown under.
func TestOwnValidity(t *testing.T) {
	taken := map[uint32]bool{2005: true, 2003: true}
	for _, c := range []struct{ src, past, dst, want uint32 }{
		{1000, 0, 2007, 2006},
		{1000, 0, 2006, 2004},
		{1000, 2003, 2006, 2004},
		{1000, 2004, 2006, 0},
		{2004, 0, 2006, 0},
		{1, 0, 1, 0},
		{0, 0, 0, 0},
		{5, 0, validityLimit, validityLimit - 1},
		{5, 0, validityLimit + 1, 0},
	} {
		rec := store.Folder{PastUIDValidities: []uint32{c.past}}
		got := ownValidity(rec, c.src, c.dst, func(v uint32) bool { return taken[v] })
		if c.want != 0 && got != c.want || c.want == 0 && got <= max(c.src, c.past, c.dst) {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
