package backfill

import (
	"slices"
	"testing"
)

// TestOrphansAreListed: what is subscribed on the destination and does not exist is told as such, and nothing else becomes
// of it.
func TestOrphansAreListed(t *testing.T) {
	b := newBed(t)
	b.dst.orphans = []string{"Gone/Deep", "INBOX"}
	b.start(false)
	s := b.login()
	list, err := s.List(t.Context())
	must(t, err)
	var got []ListEntry
	for _, e := range list {
		if e.NonExistent || e.Name == "INBOX" {
			got = append(got, ListEntry{Name: e.Name, Subscribed: e.Subscribed, NonExistent: e.NonExistent})
		}
	}
	want := []ListEntry{{Name: "INBOX", Subscribed: b.dst.boxes["INBOX"].sub}, {Name: "Gone", NonExistent: true}, {Name: "Gone/Deep", Subscribed: true, NonExistent: true}}
	if !slices.EqualFunc(got, want, func(a, b ListEntry) bool {
		return a.Name == b.Name && a.Subscribed == b.Subscribed && a.NonExistent == b.NonExistent
	}) {
		t.Errorf("listed %+v", got)
	}
	if b.account().byShownName("Gone/Deep") != nil {
		t.Error("it was taken for a folder")
	}
}
