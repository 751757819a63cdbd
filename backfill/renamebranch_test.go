package backfill

import (
	"fmt"
	"testing"
)

// TestLargeBranchRenamed: a branch that is most of what the source has is renamed there. All old names are missing at
// once, and all the same it is no short listing: each folder is found under its new name, and nothing is copied twice.
func TestLargeBranchRenamed(t *testing.T) {
	for _, hold := range []bool{false, true} {
		t.Run(fmt.Sprint(hold), func(t *testing.T) {
			b := newBed(t)
			names := []string{"INBOX.Kunden"}
			for i := range 6 {
				names = append(names, fmt.Sprint("INBOX.Kunden.", i))
				b.src.add(names[i+1])
			}
			shown, renamed := []string{"Kunden"}, []string{"Clients"}
			for i, name := range names {
				b.src.with(name, func(box *fakeBox) {
					for n := range 3 {
						box.put(message(10*i+n, "m"))
					}
				})
				if i > 0 {
					shown, renamed = append(shown, fmt.Sprint("Kunden/", i-1)), append(renamed, fmt.Sprint("Clients/", i-1))
				}
			}
			b.start(hold)
			s := b.login()
			for _, name := range shown {
				b.open(s, name).Close()
			}
			if !hold {
				b.wait()
			}
			b.src.renamed("INBOX.Kunden", "INBOX.Clients")
			b.becomes(s, append(renamed, "INBOX", "Sent Items", "Deleted Items")...)
			must(t, b.e.Release())
			b.wait()
			for i, name := range renamed {
				var want []string
				for n := range 3 {
					want = append(want, fmt.Sprintf("<%d@test> ", 10*i+n))
				}
				b.shows(b.open(s, name), want...)
				b.holds(name, want...)
			}
			for _, name := range shown {
				if b.dst.exists(name) {
					t.Errorf("%s is still on the destination", name)
				}
			}
			if why := s.a.doubtful(); why != "" {
				t.Error(why)
			}
			b.verified()
		})
	}
}
