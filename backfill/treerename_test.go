package backfill

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"crossfade/mapping"
)

// TestRenameBlended: a folder and those below it are renamed by a client, before and after they are copied. Sessions go
// on, numbers and links stay, and the source's name neither comes back nor is taken for a new folder.
func TestRenameBlended(t *testing.T) {
	for _, hold := range []bool{true, false} {
		for _, how := range []string{"", "leaves those below", "numbers anew"} {
			t.Run(fmt.Sprint(hold, how), func(t *testing.T) {
				b := newBed(t)
				want, sub := many(b.src.boxes["INBOX.Kunden"], 20), many(b.src.add("INBOX.Kunden.A"), 5)
				b.dst.renameOne, b.dst.renumber = how == "leaves those below", how == "numbers anew"
				b.start(hold)
				s := b.login()
				m, k := b.open(s, "Kunden"), b.open(s, "Kunden/A")
				if !hold {
					b.wait()
				}
				b.see(m)
				uids, validity, version := m.Changes(0).UIDs, m.Status().UIDValidity, m.Changes(0).Version
				must(t, s.Rename(t.Context(), "Kunden", "Clients"))
				if c := m.Changes(version); len(c.UIDs) != len(uids) || c.Switched {
					t.Errorf("a session sees %+v", c)
				}
				must(t, m.Store(t.Context(), uids[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
				want[0] = `<0@test> \Flagged \Seen`
				if m.Name() != "Clients" {
					t.Errorf("it is called %s", m.Name())
				}
				now := b.open(s, "Clients")
				if !slices.Equal(now.Changes(0).UIDs, uids) || now.Status().UIDValidity != validity {
					t.Errorf("shown as %d %v, before %d %v", now.Status().UIDValidity, now.Changes(0).UIDs, validity, uids)
				}
				b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
				b.src.set(func() { b.src.add("INBOX.Kunden.B").put(message(901, "new")) })
				want = append(want, `<900@test> `)
				b.e.Release()
				b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Clients", "Clients/A", "Clients/B")
				b.shows(m, want...)
				b.shows(k, sub...)
				b.wait()
				b.end()
				b.start(false)
				s = b.login()
				b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Clients", "Clients/A", "Clients/B")
				if now := b.open(s, "INBOX.Kunden"); now.Name() != "Clients" || now.Status().UIDValidity != validity {
					t.Errorf("the old path leads to %s, %+v", now.Name(), now.Status())
				}
				b.wait()
				b.holds("Clients", want...)
				b.holds("Clients/A", sub...)
				b.holds("Clients/B", `<901@test> `)
				if b.dst.exists("Kunden") || b.dst.exists("Kunden/A") {
					t.Error("the old folders are still on the destination")
				}
				b.verified()
			})
		}
	}
}

// TestRenameRefused: names that clients may not take.
func TestRenameRefused(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 3)
	b.src.add("INBOX.Kunden.A")
	b.start(true)
	s := b.login()
	for _, to := range []string{"INBOX", "Sent Items", "INBOX.Sent", "Kunden", "Kunden/", "Kunden/A", "Kunden/A/B", "a//b"} {
		var no *Refusal
		if err := s.Rename(t.Context(), "Kunden", to); !errors.As(err, &no) || no.Code != "ALREADYEXISTS" && no.Code != "CANNOT" {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if err := s.Rename(t.Context(), "nowhere", "Clients"); !errors.Is(err, ErrNoFolder) {
		t.Errorf("nowhere: %v", err)
	}
	b.e.Release()
	b.wait()
	b.dst.set(func() { b.dst.noRename = b.dst.err("RENAME", "CANNOT", FolderScope) })
	var no *Error
	if err := s.Rename(t.Context(), "Kunden", "Clients"); !errors.As(err, &no) || no.Text != "fake" {
		t.Errorf("refused: %v", err)
	}
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Kunden/A")
	b.holds("Kunden", want...)
	b.verified()
}

// TestRenameLevel: a level that holds no messages is renamed with what is below it.
func TestRenameLevel(t *testing.T) {
	for _, hold := range []bool{true, false} {
		b := newBed(t)
		sub := many(b.src.add("INBOX.Archiv.2024"), 5)
		b.dst.add("Archiv/Plain").put(message(70, "above"))
		b.start(hold)
		s := b.login()
		if !hold {
			b.wait()
		}
		m := b.open(s, "Archiv/2024")
		must(t, s.Rename(t.Context(), "Archiv", "Old/Archiv"))
		b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Old/Archiv/2024", "Old/Archiv/Plain")
		b.shows(m, sub...)
		b.e.Release()
		b.wait()
		b.holds("Old/Archiv/2024", sub...)
		b.holds("Old/Archiv/Plain", "<70@test> ")
		b.verified()
	}
}

// TestRenameBack: a folder that gets back a name under which only it was told keeps its numbers; one that comes to a name
// under which another was told with such numbers does not.
func TestRenameBack(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(false)
	s := b.login()
	m := b.open(s, "Kunden")
	b.see(m)
	was := m.Status().UIDValidity
	must(t, s.Rename(t.Context(), "Kunden", "Clients"))
	b.see(b.open(s, "Clients"))
	must(t, s.Rename(t.Context(), "Clients", "Kunden"))
	if now := b.open(s, "Kunden").Status().UIDValidity; now != was {
		t.Errorf("UIDVALIDITY %d, before %d", now, was)
	}
	must(t, s.Rename(t.Context(), "Kunden", "Clients"))
	must(t, s.Create(t.Context(), "Kunden"))
	n := b.open(s, "Kunden")
	_, _, err := s.Append(t.Context(), "Kunden", []AppendItem{item(message(800, "mine"))})
	must(t, err)
	b.see(n)
	if now := n.Status().UIDValidity; now <= was {
		t.Errorf("UIDVALIDITY %d, before %d", now, was)
	}
	was = n.Status().UIDValidity
	must(t, s.Delete(t.Context(), "Kunden"))
	must(t, s.Rename(t.Context(), "Clients", "Kunden"))
	uids := m.Changes(0).UIDs
	if now := b.open(s, "Kunden"); now.Status().UIDValidity <= was || !slices.Equal(now.Changes(0).UIDs, uids) {
		t.Errorf("%+v, before %d", now.Status(), was)
	} else {
		b.see(now)
	}
	b.wait()
	b.verified()
}

// TestRenameRole: a default folder that is renamed keeps its role; no second one is made.
func TestRenameRole(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Sent"], 3)
	b.dst.byName = map[string]string{"Sent Items": `\Sent`}
	b.start(false)
	s := b.login()
	b.wait()
	must(t, s.Rename(t.Context(), "Sent Items", "My Sent"))
	b.src.set(func() {
		delete(b.src.boxes, "INBOX.Sent")
		b.src.add("INBOX.Sent Messages", `\Sent`).put(message(900, "other"))
	})
	b.becomes(s, "INBOX", "My Sent", "Deleted Items", "Kunden")
	list, err := s.List(t.Context())
	must(t, err)
	for _, e := range list {
		if is := hasAttr(e.Attrs, `\Sent`); is != (e.Name == "My Sent") {
			t.Errorf("%+v", e)
		}
	}
	want = append(want, "<900@test> ")
	b.shows(b.open(s, "My Sent"), want...)
	b.wait()
	b.holds("My Sent", want...)
}

// TestStopWhileClientRenames kills the process at each write of a RENAME: afterwards the branch has the one name or the
// other, with all that is in it.
func TestStopWhileClientRenames(t *testing.T) {
	t.Parallel()
	atEachWrite(t, stopWhileClientRenames)
}

func stopWhileClientRenames(t *testing.T, n int) (died bool) {
	b := newBed(t)
	want, sub := many(b.src.boxes["INBOX.Kunden"], 5), many(b.src.add("INBOX.Kunden.A"), 3)
	b.start(n%3 == 0)
	s := b.login()
	if n%3 != 0 {
		b.wait()
	}
	b.see(b.open(s, "Kunden"))
	b.end()
	died, told := b.dieIn(n, func(s *Session) error { return s.Rename(t.Context(), "Kunden", "Clients") })
	b.start(false)
	s = b.login()
	must(t, s.a.refreshTree(t.Context(), 0))
	name := "Clients"
	if slices.Contains(b.listed(s), "Kunden") {
		if name = "Kunden"; told == nil {
			t.Error("the folder is not renamed, and the client was told that it is")
		}
	}
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", name, name+"/A")
	b.shows(b.open(s, name), want...)
	b.shows(b.open(s, name+"/A"), sub...)
	b.wait()
	b.holds(name, want...)
	b.holds(name+"/A", sub...)
	b.verified()
	return died
}
