package backfill

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"crossfade/mapping"
)

// listed are the names that clients see.
func (b *bed) listed(s *Session) (names []string) {
	b.t.Helper()
	list, err := s.List(b.t.Context())
	must(b.t, err)
	for _, e := range list {
		if !e.NonExistent {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return names
}

// becomes waits until clients see exactly these names.
func (b *bed) becomes(s *Session, want ...string) {
	b.t.Helper()
	slices.Sort(want)
	b.eventually(func() error {
		must(b.t, s.a.refreshTree(b.t.Context(), 0))
		if got := b.listed(s); !slices.Equal(got, want) {
			return fmt.Errorf("clients see %q, want %q", got, want)
		}
		return nil
	})
}

// TestSourceFolderRenamed: a folder of a user's own that is renamed on the source is renamed on the destination, with
// those below it, before and after they are copied; nothing is copied twice, and clients keep the numbers.
func TestSourceFolderRenamed(t *testing.T) {
	for _, hold := range []bool{true, false} {
		for _, anew := range []bool{false, true} {
			t.Run(fmt.Sprint(hold, anew), func(t *testing.T) {
				b := newBed(t)
				want := many(b.src.boxes["INBOX.Kunden"], 20)
				sub := many(b.src.add("INBOX.Kunden.A"), 12)
				b.start(hold)
				s := b.login()
				m, k := b.open(s, "Kunden"), b.open(s, "Kunden/A")
				if !hold {
					b.wait()
				} else {
					must(t, m.f.learnDetails(t.Context()))
					must(t, k.f.learnDetails(t.Context()))
				}
				uids, validity := m.Changes(0).UIDs, m.Status().UIDValidity
				must(t, m.Store(t.Context(), uids[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
				want[0] = `<0@test> \Flagged \Seen`
				b.src.renamed("INBOX.Kunden", "INBOX.Clients")
				if anew { // some servers give a new UIDVALIDITY
					b.src.with("INBOX.Clients", func(box *fakeBox) { box.validity += 100 })
					b.src.with("INBOX.Clients.A", func(box *fakeBox) { box.validity += 100 })
				}
				b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Clients", "Clients/A")
				m, k = b.open(s, "Clients"), b.open(s, "Clients/A")
				if !slices.Equal(m.Changes(0).UIDs, uids) || m.Status().UIDValidity != validity {
					t.Errorf("the numbers changed: %v", m.Changes(0).UIDs)
				}
				b.src.with("INBOX.Clients", func(box *fakeBox) { box.put(message(900, "late")) })
				b.e.Release()
				b.shows(m, append(slices.Clone(want), `<900@test> `)...)
				b.shows(k, sub...)
				b.wait()
				b.holds("Clients", append(slices.Clone(want), `<900@test> `)...)
				b.holds("Clients/A", sub...)
				b.dst.set(func() {
					if b.dst.boxes["Kunden"] != nil || b.dst.boxes["Kunden/A"] != nil {
						t.Error("the old folders are still on the destination")
					}
				})
				b.verified()
			})
		}
	}
}

// TestRoleFolderRenamed: a folder with a role keeps its name, and its new mail goes on arriving there.
func TestRoleFolderRenamed(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Sent"], 20)
	b.start(false)
	s := b.login()
	m := b.open(s, "Sent Items")
	b.wait()
	b.src.renamed("INBOX.Sent", "INBOX.Old Sent")
	b.src.with("INBOX.Old Sent", func(box *fakeBox) { box.attrs = nil; box.put(message(900, "late")) })
	b.shows(m, append(want, `<900@test> `)...)
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden")
	b.wait()
	b.holds("Sent Items", append(want, `<900@test> `)...)
	b.verified()
}

// TestFolderCopiedNotRenamed: a new folder beside the old one, or one with other mail under a name that takes the
// place of one that went, is no renaming.
func TestFolderCopiedNotRenamed(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 20)
	b.start(false)
	s := b.login()
	b.open(s, "Kunden")
	b.wait()
	b.src.set(func() {
		delete(b.src.boxes, "INBOX.Kunden")
		box := b.src.add("INBOX.Other")
		for i := range 20 {
			box.put(message(500+i, "other"))
		}
	})
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Other")
	b.wait()
	b.holds("Kunden", want...)
	if n := len(b.dst.has("Other")); n != 20 {
		t.Errorf("%d messages in the new folder", n)
	}
}

// TestUnmetFolderGoes: a source folder that goes before anybody looked at it is forgotten.
func TestUnmetFolderGoes(t *testing.T) {
	b := newBed(t)
	b.opt = func(o *Options) { o.Recheck = time.Hour }
	b.start(true)
	s := b.login()
	b.listed(s)
	b.src.set(func() { delete(b.src.boxes, "INBOX.Kunden") })
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items")
	b.e.Release()
	b.wait()
}

// TestStopWhileRenaming kills the process at each write while a renaming is followed.
func TestStopWhileRenaming(t *testing.T) {
	t.Parallel()
	atEachWrite(t, stopWhileRenaming)
}

func stopWhileRenaming(t *testing.T, n int) (died bool) {
	b := newBed(t)
	want, sub := many(b.src.boxes["INBOX.Kunden"], 5), many(b.src.add("INBOX.Kunden.A"), 3)
	b.start(false)
	s := b.login()
	m, k := b.open(s, "Kunden"), b.open(s, "Kunden/A")
	b.wait()
	m.Close()
	k.Close()
	b.end()
	b.src.renamed("INBOX.Kunden", "INBOX.Clients")
	under := b.kv
	kv := freezable(b.kv, n+2, n%2 == 0)
	b.kv = kv
	b.start(false)
	done := false
	if s, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err == nil && s.a.refreshTree(t.Context(), 0) == nil {
		if m, err := s.Open(t.Context(), "Clients", false); err == nil {
			m.Close()
			done = true
		}
	}
	kv.mu.Lock()
	died = kv.dead
	kv.mu.Unlock()
	kv.kill()
	b.end()
	b.kv = under
	b.start(false)
	s = b.login()
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Clients", "Clients/A")
	b.shows(b.open(s, "Clients"), want...)
	b.shows(b.open(s, "Clients/A"), sub...)
	b.wait()
	b.holds("Clients", want...)
	b.holds("Clients/A", sub...)
	b.verified()
	return died || !done
}
