package backfill

import (
	"fmt"
	"slices"
	"testing"
)

// TestSettleAgain: a folder that had settled, or that only the destination has, and comes to a name under which another
// one was told, is shown under numbers of ours; it settles again, and then its account is a plain pipe again.
func TestSettleAgain(t *testing.T) {
	for _, folder := range []string{"Kunden", "Plain"} {
		for _, back := range []bool{false, true} {
			t.Run(fmt.Sprint(folder, back), func(t *testing.T) {
				b := settledBed(t, true, func(b *bed) {
					many(b.src.boxes["INBOX.Kunden"], 5)
					many(b.dst.add("Plain"), 5)
				})
				s := newSession(b.account())
				b.see(b.open(s, folder))
				to := "Clients"
				another := func(name string) uint32 {
					t.Helper()
					must(t, s.Create(t.Context(), name))
					_, _, err := s.Append(t.Context(), name, []AppendItem{item(message(800, "mine"))})
					must(t, err)
					m := b.open(s, name)
					b.see(m)
					v := m.Status().UIDValidity
					m.Close()
					must(t, s.Delete(t.Context(), name))
					return v
				}
				told := uint32(0)
				if !back {
					told = another(to)
				}
				must(t, s.Rename(t.Context(), folder, to))
				b.see(b.open(s, to))
				if back {
					told = another(folder)
					must(t, s.Rename(t.Context(), to, folder))
					to = folder
				}
				m := b.open(s, to)
				if v := m.Status().UIDValidity; v <= told || m.f.record().Identity.Native {
					t.Fatalf("UIDVALIDITY %d after %d", v, told)
				}
				b.see(m)
				if again := b.login(); again.Pipe() != nil {
					t.Error("the account is handed over")
				}
				want := b.dst.has(to)
				if folder == "Kunden" {
					b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(900, "late")) })
					want = append(want, "<900@test> ")
				}
				b.dst.with(to, func(box *fakeBox) { box.put(message(901, "new")) })
				b.shows(m, append(want, "<901@test> ")...)
				b.wait()
				b.settleAll()
				if !m.Changes(1).Switched {
					t.Error("who had it open is not told")
				}
				for range 2 {
					m = b.open(newSession(b.account()), to)
					b.shows(m, append(want, "<901@test> ")...)
					b.numbered(m)
					if again := b.login(); again.Pipe() == nil {
						t.Error("the account is not handed over")
					}
					b.verified()
					b.end()
					b.start(false)
				}
			})
		}
	}
}

// TestSettleNotUnderAnothers: numbers under which another folder was told at the name are never shown for this one's.
func TestSettleNotUnderAnothers(t *testing.T) {
	b := settledBed(t, true, func(b *bed) { many(b.dst.add("Plain"), 5) })
	s := newSession(b.account())
	m := b.open(s, "Plain")
	b.see(m)
	v := m.Status().UIDValidity
	b.dst.set(func() { b.dst.validity = v }) // the destination gives it twice
	must(t, s.Create(t.Context(), "Clients"))
	m = b.open(s, "Clients")
	b.see(m)
	if m.Status().UIDValidity != v {
		t.Fatal("not the same")
	}
	m.Close()
	must(t, s.Delete(t.Context(), "Clients"))
	must(t, s.Rename(t.Context(), "Plain", "Clients"))
	b.see(b.open(s, "Clients"))
	left, err := b.e.Settle(t.Context(), "", "")
	must(t, err)
	if !slices.ContainsFunc(left, func(u Unsettled) bool { return u.Folder == "Clients" }) {
		t.Errorf("it has settled: %+v", left)
	}
	if rec := b.account().match("Clients").record(); rec.Identity.Native || rec.DestUIDValidity != v {
		t.Errorf("%+v", rec.Identity)
	}
}
