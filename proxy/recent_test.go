package proxy

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// reader is a mailbox that is open for reading only.
type reader struct{ *folder }

func (r reader) Recent(uint32) uint32 { return r.recent }

// TestRecentIsShared: each message is \Recent in the first view that is told of it and in no other (RFC 3501 2.3.2), and
// views that only read take nothing.
func TestRecentIsShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFolder(rapid.SliceOfNDistinct(rapid.Uint32Range(1, 40), 0, 8, rapid.ID[uint32]).Draw(t, "start")...)
		f.recent = rapid.Uint32Range(1, 41).Draw(t, "mark")
		unclaimed := f.recent // what is below was told to somebody, or is older than the program
		owner := map[uint32]int{}
		var views []*View
		next := uint32(41)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			step(t, f, &next)
			switch n := rapid.IntRange(0, 3).Draw(t, "act"); {
			case n == 0:
				views = append(views, NewView(f))
			case n == 1:
				checkReader(t, f)
				continue
			case len(views) > 0:
				views[rapid.IntRange(0, len(views)-1).Draw(t, "view")].Sync(rapid.Bool().Draw(t, "expunge"), nil)
			}
			for i, v := range views { // only one has news
				for _, uid := range v.UIDs() {
					if uid >= unclaimed {
						owner[uid] = i
					}
				}
				if v.high >= unclaimed {
					unclaimed = v.high + 1
				}
			}
			for i, v := range views {
				if err := checkRecent(v, owner, i); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func checkReader(t *rapid.T, f *folder) {
	was := f.recent
	v := NewView(reader{f})
	for _, uid := range v.UIDs() {
		if v.IsRecent(uid) != (uid >= was) {
			t.Fatalf("a reader sees %d as recent: %t, and nobody was told from %d on", uid, v.IsRecent(uid), was)
		}
	}
	if f.recent != was {
		t.Fatal("a reader took messages")
	}
}

func checkRecent(v *View, owner map[uint32]int, self int) error {
	count := uint32(0)
	for _, uid := range v.UIDs() {
		who, owned := owner[uid]
		if v.IsRecent(uid) != (owned && who == self) {
			return fmt.Errorf("view %d: message %d is recent: %t, and belongs to %d (%t)", self, uid, v.IsRecent(uid), who, owned)
		}
		if v.IsRecent(uid) {
			count++
		}
	}
	if v.Recent() != count {
		return fmt.Errorf("view %d counts %d recent messages and has %d", self, v.Recent(), count)
	}
	return nil
}
