package backfill

import (
	"errors"
	"slices"
	"testing"

	"crossfade/store"
)

// missing is what a server says of a folder that it does not have.
func (s *fakeServer) missing(op string) error {
	return errors.Join(ErrNoFolder, s.err(op, "NONEXISTENT", FolderScope))
}

// TestDeleteOfAFolderThatIsThere: the destination refuses a DELETE once, as if there were no such folder or without a
// reason, although it is there. It is asked again: no client is told that a folder does not exist that it cannot make then.
func TestDeleteOfAFolderThatIsThere(t *testing.T) {
	b := newBed(t)
	b.start(false)
	s := b.login()
	for _, refusal := range []error{b.dst.missing("DELETE"), b.dst.err("DELETE", "", FolderScope)} {
		must(t, s.Create(t.Context(), "Neu"))
		b.open(s, "Neu").Close()
		b.dst.set(func() { b.dst.noFirst = refusal })
		must(t, s.Delete(t.Context(), "Neu"))
		b.deleted(s, "Neu")
	}
	must(t, s.Create(t.Context(), "Neu"))
	b.dst.set(func() { b.dst.noDelete = b.dst.missing("DELETE") })
	if err := s.Delete(t.Context(), "Neu"); !IsUnavailable(err) || errors.Is(err, ErrNoFolder) {
		t.Errorf("a DELETE that never works: %v", err)
	}
	b.open(s, "Neu").Close()
}

// TestRefusedDeleteRemovesNothing: a server that refuses DELETE, and EXAMINE besides in whatever words, has deleted nothing
// as long as it lists the folder. Nothing is whited out, and all is there when it answers again.
func TestRefusedDeleteRemovesNothing(t *testing.T) {
	busy := func(s *fakeServer, code string) error { return s.err("EXAMINE", code, FolderScope) }
	for name, say := range map[string]func(*fakeServer) error{
		"a bare NO":        func(s *fakeServer) error { return busy(s, "") },
		"INUSE":            func(s *fakeServer) error { return busy(s, "INUSE") },
		"NONEXISTENT":      func(s *fakeServer) error { return s.missing("EXAMINE") },
		"not at all":       func(s *fakeServer) error { return s.err("EXAMINE", "", HostScope) },
		"a NO with reason": func(s *fakeServer) error { return busy(s, "NOPERM") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			want := many(b.src.boxes["INBOX.Kunden"], 5)
			b.start(false)
			s := b.login()
			b.wait()
			b.dst.set(func() {
				b.dst.noDelete = b.dst.err("DELETE", "", FolderScope)
				b.dst.noOpen = map[string]error{"Kunden": say(b.dst)}
			})
			if err := s.Delete(t.Context(), "Kunden"); err == nil {
				t.Fatal("it was deleted")
			}
			if n := s.a.match("Kunden").counted(); n.states[store.Whiteout] > 0 {
				t.Fatalf("%+v", n.counts())
			}
			b.dst.set(func() { b.dst.noDelete, b.dst.noOpen = nil, nil })
			must(t, s.a.refreshTree(t.Context(), 0))
			b.shows(b.open(s, "Kunden"), want...)
			b.holds("Kunden", want...)
			b.verified()
			must(t, s.Delete(t.Context(), "Kunden"))
			b.deleted(s, "Kunden")
		})
	}
}

// TestFolderThatIsNotListed: a folder that only the destination has is forgotten when it is not listed and cannot be opened,
// and not when only one of the two is so.
func TestFolderThatIsNotListed(t *testing.T) {
	b := newBed(t)
	b.dst.add("Oben").put(message(1, "above"))
	b.start(false)
	s := b.login()
	b.open(s, "Oben").Close()
	was := s.a.match("Oben").id
	b.dst.set(func() { b.dst.noOpen = map[string]error{"Oben": b.dst.err("EXAMINE", "", FolderScope)} })
	must(t, s.a.refreshTree(t.Context(), 0))
	b.dst.set(func() { b.dst.noOpen = nil })
	if f := s.a.match("Oben"); f == nil || f.id != was {
		t.Fatal("it was forgotten while it was listed")
	}
	b.dst.set(func() { b.dst.order = slices.DeleteFunc(b.dst.order, func(n string) bool { return n == "Oben" }) })
	must(t, s.a.refreshTree(t.Context(), 0))
	if f := s.a.match("Oben"); f == nil || f.id != was {
		t.Fatal("it was forgotten while it could be opened")
	}
	b.dst.set(func() { delete(b.dst.boxes, "Oben") })
	must(t, s.a.refreshTree(t.Context(), 0))
	if s.a.match("Oben") != nil {
		t.Fatal("it is still there")
	}
}
