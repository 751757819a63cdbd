package backfill

import (
	"slices"
	"testing"
)

// mixedBed is a bed of a branch: Kunden has settled, Kunden/A has not, and the destination alone has Kunden/Plain. The
// engine is stopped.
func mixedBed(t *testing.T) (b *bed, kunden, sub []string) {
	b = newBed(t)
	kunden, sub = many(b.src.boxes["INBOX.Kunden"], 5), many(b.src.add("INBOX.Kunden.A"), 3)
	b.dst.add("Kunden").sub = true
	b.dst.add("Kunden/Plain").put(message(70, "above"))
	b.start(false)
	s := b.login()
	b.wait()
	b.see(b.open(s, "Kunden"))
	left, err := b.e.Settle(t.Context(), "", "Kunden")
	if must(t, err); len(left) > 0 {
		t.Fatalf("%+v", left)
	}
	for _, f := range []string{"Kunden", "Kunden/A", "Kunden/Plain"} {
		b.see(b.open(s, f))
	}
	b.end()
	return b, kunden, sub
}

// TestStopWhileDeletingSettled kills the process at each write of a DELETE of a folder that has settled: it is whole
// afterwards, or gone for good, but for what comes to its source later.
func TestStopWhileDeletingSettled(t *testing.T) {
	t.Parallel()
	atEachWrite(t, func(t *testing.T, n int) bool {
		b, want, sub := mixedBed(t)
		died, told := b.dieIn(n, func(s *Session) error { return s.Delete(t.Context(), "Kunden") })
		b.start(false)
		s := b.login()
		must(t, s.a.refreshTree(t.Context(), 0))
		if there := slices.Contains(b.listed(s), "Kunden"); !there {
			b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden/A", "Kunden/Plain")
			want = nil
		} else if told == nil {
			t.Error("the folder is there, and the client was told that it is not")
		}
		b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
		want = append(want, "<900@test> ")
		b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Kunden/A", "Kunden/Plain")
		b.shows(b.open(s, "Kunden"), want...)
		b.shows(b.open(s, "Kunden/A"), sub...)
		b.wait()
		b.settleAll()
		for range 2 {
			m := b.open(newSession(b.account()), "Kunden")
			b.shows(m, want...)
			b.numbered(m)
			b.holds("Kunden", want...)
			b.holds("Kunden/A", sub...)
			b.holds("Kunden/Plain", "<70@test> ")
			b.verified()
			b.end()
			b.start(false)
		}
		return died
	})
}

// TestStopWhileRenamingMixed kills the process at each write of a RENAME of a branch of which some has settled.
func TestStopWhileRenamingMixed(t *testing.T) {
	t.Parallel()
	atEachWrite(t, func(t *testing.T, n int) bool {
		b, want, sub := mixedBed(t)
		b.dst.renumber = n%2 == 0
		died, told := b.dieIn(n, func(s *Session) error { return s.Rename(t.Context(), "Kunden", "Clients") })
		b.start(false)
		s := b.login()
		must(t, s.a.refreshTree(t.Context(), 0))
		name := "Clients"
		if slices.Contains(b.listed(s), "Kunden") {
			if name = "Kunden"; told == nil {
				t.Error("the folder is not renamed, and the client was told that it is")
			}
		}
		for i, box := range []string{"INBOX.Kunden", "INBOX.Kunden.A"} {
			b.src.with(box, func(box *fakeBox) { box.put(message(900+i, "late")) })
		}
		want, sub = append(want, "<900@test> "), append(sub, "<901@test> ")
		b.becomes(s, "INBOX", "Sent Items", "Deleted Items", name, name+"/A", name+"/Plain")
		b.shows(b.open(s, name), want...)
		b.shows(b.open(s, name+"/A"), sub...)
		b.wait()
		b.settleAll()
		for range 2 {
			s = newSession(b.account())
			for f, has := range map[string][]string{name: want, name + "/A": sub, name + "/Plain": {"<70@test> "}} {
				m := b.open(s, f)
				b.shows(m, has...)
				b.numbered(m)
			}
			b.verified()
			b.end()
			b.start(false)
		}
		return died
	})
}

// TestComesBackWritable: a folder that comes back takes mail at once, also while nothing is copied.
func TestComesBackWritable(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 3)
	b.src.boxes["INBOX.Kunden"].put(message(50, "m"))
	b.start(false)
	s := b.login()
	b.wait()
	b.see(b.open(s, "Kunden"))
	must(t, s.Delete(t.Context(), "Kunden"))
	must(t, b.e.Hold())
	b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden")
	in := b.open(s, "INBOX")
	_, err := in.Move(t.Context(), in.Changes(0).UIDs[:1], "Kunden")
	must(t, err)
	_, _, err = s.Append(t.Context(), "Kunden", []AppendItem{item(message(800, "mine"))})
	must(t, err)
	want := []string{`<0@test> \Seen`, "<800@test> ", "<900@test> "}
	b.shows(b.open(s, "Kunden"), want...)
	must(t, b.e.Release())
	b.wait()
	b.holds("Kunden", want...)
	b.verified()
}

// TestComesBackAboveAnother: a folder comes back to a name that another one has borne and given up since: under a UIDVALIDITY
// above all that clients were told under that name.
func TestComesBackAboveAnother(t *testing.T) {
	b := newBed(t)
	b.src.boxes["INBOX.Kunden"].put(message(50, "m"))
	b.dst.add("Plain").put(message(70, "above"))
	b.start(false)
	s := b.login()
	b.wait()
	mine := b.open(s, "Kunden").Status().UIDValidity
	must(t, s.Delete(t.Context(), "Kunden"))
	must(t, s.Rename(t.Context(), "Plain", "Kunden"))
	other := b.open(s, "Kunden").Status().UIDValidity
	if other <= mine {
		t.Fatalf("the folder was shown under %d, the one that came to its name under %d", mine, other)
	}
	must(t, s.Rename(t.Context(), "Kunden", "Neu"))
	b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Neu")
	m := b.open(s, "Kunden")
	if v := m.Status().UIDValidity; v <= other {
		t.Errorf("it has come back under %d, another folder of this name was under %d", v, other)
	}
	b.shows(m, "<900@test> ")
	b.wait()
	b.settleAll()
	b.holds("Kunden", "<900@test> ")
	b.holds("Neu", "<70@test> ")
	b.verified()
}
