package backfill

import (
	"fmt"
	"testing"

	"crossfade/store"
)

// TestLateMail: mail that comes to the source of a folder that has settled is shown once it is on the destination, and
// never below what clients were told before, whatever comes to the destination meanwhile.
func TestLateMail(t *testing.T) {
	for _, uidplus := range []bool{true, false} {
		t.Run(fmt.Sprint("UIDPLUS ", uidplus), func(t *testing.T) {
			b := newBed(t)
			b.dst.uidplus = uidplus
			many(b.src.boxes["INBOX"], 5)
			b.start(false)
			s := b.login()
			b.wait()
			b.settleAll()
			m := b.open(s, "INBOX")
			next := 500
			theirs := func(string, int) {
				b.dst.with("INBOX", func(box *fakeBox) { next++; box.put(message(next, "theirs")) })
			}
			b.dst.set(func() { b.dst.onAppend, b.dst.appended = theirs, theirs })
			for i := range 5 {
				b.src.with("INBOX", func(box *fakeBox) { box.put(message(100+2*i, "late")); box.put(message(101+2*i, "late")) })
				high, v := uint32(0), uint64(0)
				known := map[uint32]bool{}
				b.eventually(func() error {
					_ = m.f.refresh(t.Context(), 0)
					c := m.Changes(v)
					v = c.Version
					for _, u := range c.UIDs {
						if !known[u] && u < high {
							t.Errorf("UID %d is told after %d", u, high)
						}
						known[u] = true
					}
					if n := len(c.UIDs); n > 0 {
						high = c.UIDs[n-1]
					}
					if here := len(b.dst.has("INBOX")); here != len(c.UIDs) || here < 5+2*(i+1) {
						return fmt.Errorf("%d messages are shown, %d are there", len(c.UIDs), here)
					}
					return nil
				})
			}
			b.wait()
			b.eventually(func() error { _ = m.f.refresh(t.Context(), 0); return b.watched(m, len(b.dst.has("INBOX"))) })
			b.numbered(m)
			b.verified()
		})
	}
}

// TestNumberedNatively: every edit leaves the links of such a folder under the numbers that they must have, also one of
// more links than fit into a transaction.
func TestNumberedNatively(t *testing.T) {
	const n = 9000
	b := newBed(t)
	many(b.src.boxes["INBOX"], n)
	b.start(false)
	s := b.login()
	b.wait()
	b.settleAll()
	m := b.open(s, "INBOX")
	var gone []uint32
	for _, u := range m.Changes(0).UIDs {
		if u%2 == 0 {
			gone = append(gone, u)
		}
	}
	must(t, m.Expunge(t.Context(), gone))
	b.src.with("INBOX", func(box *fakeBox) { box.put(message(n, "late")) })
	b.eventually(func() error { return b.watched(m, n-len(gone)+1) })
	for _, stage := range []string{"now", "in a new process"} {
		if bad := m.f.where(func(l *store.Link) bool { return !numberedNatively(l) }); len(bad) > 0 {
			t.Fatalf("%s: %d links have other numbers, such as %+v", stage, len(bad), bad[0])
		}
		if c := m.f.counted().counts(); c.Whiteouts != len(gone) || c.Copied != n-len(gone)+1 {
			t.Errorf("%s: %+v", stage, c)
		}
		if stage == "now" {
			b.end()
			b.start(true)
			m = b.open(b.login(), "INBOX")
		}
	}
}
