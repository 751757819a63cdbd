package backfill

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"crossfade/store"
)

// deleted checks that a folder is nowhere, and that nothing of it comes back by itself.
func (b *bed) deleted(s *Session, name string) {
	b.t.Helper()
	for range 3 {
		must(b.t, s.a.refreshTree(b.t.Context(), 0))
		if slices.Contains(b.listed(s), name) || b.dst.exists(name) {
			b.t.Fatalf("%s is still there: clients see %v", name, b.listed(s))
		}
		b.wait()
	}
	if m, err := s.Open(b.t.Context(), name, true); err == nil {
		m.Close()
		b.t.Fatalf("%s can be opened", name)
	}
}

func (s *fakeServer) exists(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boxes[name] != nil
}

// TestDeleteBlended: a folder goes with all that is in it, copied or not, and stays gone when the program starts anew;
// its source is as it was. Sessions that have it open see the messages go.
func TestDeleteBlended(t *testing.T) {
	for _, hold := range []bool{true, false} {
		for _, opened := range []bool{true, false} {
			t.Run(fmt.Sprint(hold, opened), func(t *testing.T) {
				b := newBed(t)
				want := many(b.src.boxes["INBOX.Kunden"], 20)
				b.start(hold)
				s := b.login()
				if !hold {
					b.wait()
				}
				var m *Mailbox
				if opened {
					m = b.open(s, "Kunden")
					b.see(m)
				}
				must(t, s.Delete(t.Context(), "Kunden"))
				if opened {
					if got := m.Changes(0).UIDs; len(got) > 0 {
						t.Errorf("a session still sees %v", got)
					}
					must(t, m.Store(t.Context(), []uint32{1}, FlagsAdd, `\Seen`))
				}
				if _, err := s.Open(t.Context(), "Kunden", false); !errors.Is(err, ErrNoFolder) {
					t.Errorf("open: %v", err)
				}
				b.e.Release()
				b.deleted(s, "Kunden")
				b.end()
				b.start(false)
				s = b.login()
				b.deleted(s, "Kunden")
				if got := b.src.has("INBOX.Kunden"); !slices.Equal(got, slices.Sorted(slices.Values(want))) || len(b.src.writes) > 0 {
					t.Errorf("the source has %q, %v", got, b.src.writes)
				}
				b.verified()
			})
		}
	}
}

// TestDeletedComesBack: what comes to the source of a deleted folder afterwards nobody has seen. It brings the folder
// back, alone, under numbers that were never told.
func TestDeletedComesBack(t *testing.T) {
	for _, again := range []bool{true, false} {
		t.Run(fmt.Sprint(again), func(t *testing.T) {
			b := newBed(t)
			many(b.src.boxes["INBOX.Kunden"], 5)
			b.start(false)
			s := b.login()
			m := b.open(s, "Kunden")
			b.see(m)
			was := m.Status()
			b.wait()
			must(t, s.Delete(t.Context(), "Kunden"))
			if again {
				b.end()
				b.start(false)
				s = b.login()
			}
			b.deleted(s, "Kunden")
			b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
			b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden")
			m = b.open(s, "Kunden")
			b.shows(m, "<900@test> ")
			if st := m.Status(); st.UIDValidity < was.UIDValidity || st.UIDValidity == was.UIDValidity && m.Changes(0).UIDs[0] < was.UIDNext {
				t.Errorf("shown as %+v %v, before %+v", st, m.Changes(0).UIDs, was)
			}
			b.wait()
			b.holds("Kunden", "<900@test> ")
			b.verified()
		})
	}
}

// TestDeletedSourceGoesToo: old clients delete the folder, too, or make it anew.
func TestDeletedSourceGoesToo(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX.Kunden"], 80)
	b.start(false)
	s := b.login()
	b.wait()
	must(t, s.Delete(t.Context(), "Kunden"))
	b.src.set(func() { delete(b.src.boxes, "INBOX.Kunden") })
	b.deleted(s, "Kunden")
	b.src.set(func() { b.src.add("INBOX.Kunden").put(message(900, "new")) })
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden")
	b.shows(b.open(s, "Kunden"), "<900@test> ")
	b.wait()
	b.holds("Kunden", "<900@test> ")
}

// TestCreateAgain: a folder that is made under a name that was shown before is another one: greater UIDVALIDITY, empty.
func TestCreateAgain(t *testing.T) {
	for _, name := range []string{"Kunden", "Plain"} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			many(b.src.boxes["INBOX.Kunden"], 5)
			b.dst.add("Plain").put(message(70, "above"))
			b.start(false)
			s := b.login()
			b.wait()
			shown := uint32(0)
			for i := range 3 {
				if i == 2 { // the destination gives a lower one
					b.dst.set(func() { b.dst.validity = 7 })
				}
				m := b.open(s, name)
				b.see(m)
				if v := m.Status().UIDValidity; v <= shown {
					t.Errorf("UIDVALIDITY %d after %d", v, shown)
				} else {
					shown = v
				}
				m.Close()
				must(t, s.Delete(t.Context(), name))
				b.deleted(s, name)
				must(t, s.Create(t.Context(), name+"/"))
				m = b.open(s, name)
				b.shows(m)
				body := message(800+i, "mine")
				_, _, err := s.Append(t.Context(), name, []AppendItem{item(body)})
				must(t, err)
				b.shows(m, subject(body)+" ")
				m.Close()
				b.wait()
				b.holds(name, subject(body)+" ")
				if i == 1 {
					b.end()
					b.start(false)
					s = b.login()
				}
			}
			b.verified()
		})
	}
}

// TestDeleteParent: folders below a deleted one stay, whatever the destination would do with them.
func TestDeleteParent(t *testing.T) {
	for _, how := range []string{"as it should", "greedy", "phantom"} {
		t.Run(how, func(t *testing.T) {
			b, greedy := newBed(t), how == "greedy"
			b.dst.phantoms = how == "phantom"
			kunden, sub := many(b.src.boxes["INBOX.Kunden"], 5), many(b.src.add("INBOX.Kunden.A"), 3)
			b.dst.greedy = greedy
			b.start(false)
			s := b.login()
			b.wait()
			err := s.Delete(t.Context(), "Kunden")
			b.holds("Kunden/A", sub...)
			var no *Refusal
			switch {
			case greedy && !(errors.As(err, &no) && no.Code == "HASCHILDREN"):
				t.Fatalf("deleted: %v", err)
			case greedy:
				b.holds("Kunden", kunden...)
				b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Kunden/A")
				return
			}
			must(t, err)
			b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden/A")
			list, err := s.List(t.Context())
			must(t, err)
			i := slices.IndexFunc(list, func(e ListEntry) bool { return e.Name == "Kunden" })
			if i < 0 || !hasAttr(list[i].Attrs, `\Noselect`) || !list[i].NonExistent {
				t.Errorf("the level is %+v", list)
			}
			if err := s.Delete(t.Context(), "Kunden"); !errors.As(err, &no) || no.Code != "HASCHILDREN" {
				t.Errorf("a level with children: %v", err)
			}
			b.wait()
			b.end()
			b.start(false)
			s = b.login()
			b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden/A")
			b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
			b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Kunden/A")
			b.shows(b.open(s, "Kunden"), "<900@test> ")
			b.wait()
			b.holds("Kunden", "<900@test> ")
			must(t, s.Delete(t.Context(), "Kunden"))
			must(t, s.Delete(t.Context(), "Kunden/A"))
			b.deleted(s, "Kunden/A")
			must(t, s.Create(t.Context(), "Kunden"))
			b.shows(b.open(s, "Kunden"))
			b.verified()
		})
	}
}

// TestDeleteRefused: what the destination refuses, stays whole; INBOX cannot be deleted.
func TestDeleteRefused(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Sent"], 5)
	b.dst.noDelete = b.dst.err("DELETE", "CANNOT", FolderScope)
	b.start(false)
	s := b.login()
	b.wait()
	for _, name := range []string{"Sent Items", "INBOX", "inbox", "nowhere"} {
		if err := s.Delete(t.Context(), name); err == nil {
			t.Errorf("%s was deleted", name)
		}
	}
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden")
	b.shows(b.open(s, "Sent Items"), want...)
	b.holds("Sent Items", want...)
	b.verified()
}

// TestDeleteWithQuarantine: what the destination refused goes with its folder, its record and its saved bytes.
func TestDeleteWithQuarantine(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX.Kunden"], 3)
	b.dst.refuse = func(body []byte) error {
		if subject(string(body)) == "<1@test>" {
			return b.dst.err("APPEND", "TOOBIG", Item)
		}
		return nil
	}
	b.start(false)
	s := b.login()
	b.wait()
	f := s.a.match("Kunden")
	if n := f.counted().states[store.Quarantined]; n != 1 {
		t.Fatalf("%d in quarantine", n)
	}
	must(t, s.Delete(t.Context(), "Kunden"))
	recs, err := f.quarantined()
	must(t, err)
	if n := f.counted(); len(recs) > 0 || n.states[store.Whiteout] != 3 || n.left() > 0 {
		t.Errorf("%v, %+v", recs, n.counts())
	}
	b.deleted(s, "Kunden")
}

// TestStopWhileDeleting kills the process at each write of a DELETE: the folder is whole afterwards, or gone for good.
func TestStopWhileDeleting(t *testing.T) {
	t.Parallel()
	atEachWrite(t, stopWhileDeleting)
}

func stopWhileDeleting(t *testing.T, n int) (died bool) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 600)
	b.start(n%3 == 0)
	s := b.login()
	if n%3 != 0 {
		b.wait()
	}
	b.see(b.open(s, "Kunden"))
	b.end()
	died, told := b.dieIn(n, func(s *Session) error { return s.Delete(t.Context(), "Kunden") })
	b.start(false)
	s = b.login()
	must(t, s.a.refreshTree(t.Context(), 0))
	if there := slices.Contains(b.listed(s), "Kunden"); !there {
		b.deleted(s, "Kunden")
		b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(5000, "late")) })
		b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden")
		want = []string{"<5000@test> "}
	} else if told == nil {
		t.Error("the folder is there, and the client was told that it is not")
	}
	b.shows(b.open(s, "Kunden"), want...)
	b.wait()
	b.holds("Kunden", want...)
	b.verified()
	return died
}
