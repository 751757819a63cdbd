package testbed

import (
	"slices"
	"testing"
)

// TestLasting: a copy that is removed and put in again is noticed by its number, also where bytes and counts are as before.
func TestLasting(t *testing.T) {
	m := Message{Sum: "a"}
	box := func(validity uint32, uids ...uint32) Snapshot {
		f := Folder{UIDValidity: validity, Messages: map[uint32]Message{}}
		for _, u := range uids {
			f.Messages[u] = m
		}
		return Snapshot{Folders: map[string]Folder{"INBOX": f}}
	}
	l := Lasting{}
	l.add("INBOX", 7, 1)
	l.add("INBOX", 7, 2)
	l.add("INBOX", 7, 2)
	if l.Count() != 2 {
		t.Errorf("%d were seen", l.Count())
	}
	for _, c := range []struct {
		name string
		now  Snapshot
		want []string
	}{
		{"as it was", box(7, 1, 2), nil},
		{"more", box(7, 1, 2, 3), nil},
		{"put in again", box(7, 1, 3), []string{`"INBOX": UID 2 was there and is gone`}},
		{"made anew", box(8, 1, 2), []string{`"INBOX": UIDVALIDITY was 7 and is 8`}},
		{"no folder", Snapshot{}, []string{`"INBOX": UIDVALIDITY was 7 and is 0`}},
	} {
		if got := l.Gone(c.now); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
