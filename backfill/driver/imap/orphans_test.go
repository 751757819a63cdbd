package imap_test

import (
	"slices"
	"testing"

	"crossfade/backfill"
)

// TestOrphans: a name that is subscribed and not listed is no folder, but it is not forgotten.
func TestOrphans(t *testing.T) {
	lsub := "* LSUB () \"/\" inbox\r\n* LSUB () \"/\" Gone\r\n* LSUB () \"/\" \"At last\"\r\n"
	f := &fake{}
	f.answer = func(cmd string) (string, bool) {
		if cmd == `LSUB "" "*"` {
			return lsub + "TAG OK done\r\n", true
		}
		return "", false
	}
	m := loginFake(t, f)
	for range 2 { // nothing adds up
		folders, err := m.Folders(t.Context())
		if err != nil || len(folders) != 1 || !folders[0].Subscribed {
			t.Fatalf("%+v %v", folders, err)
		}
		if got := m.(backfill.Orphaned).Orphans(); !slices.Equal(got, []string{"At last", "Gone"}) {
			t.Errorf("%q", got)
		}
	}
}
