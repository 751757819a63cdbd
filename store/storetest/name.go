package storetest

import (
	"errors"
	"strings"
	"testing"

	"crossfade/mapping"
	"crossfade/store"
)

// names are those that folders gave up, and the one RENAME that is under way.
func names(t *testing.T, _ store.KV, s *store.Store) {
	inbox, long := mapping.Path{"INBOX", "a"}, mapping.Path{strings.Repeat("long", 500), "\xff"}
	of := func(acc store.AccountID, path mapping.Path) store.Name {
		return read(t, s, func(x *store.Rx) (store.Name, error) { return x.Name(acc, path) })
	}
	equal(t, "a name nobody gave up", of(1, inbox), store.Name{Account: 1, Path: inbox})
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.AddName(1, inbox, 7, 30, 10, 0, 30), tx.AddName(1, long, 9), tx.AddName(2, inbox, 8, 5))
	})
	equal(t, "once", of(1, mapping.Path{"inbox", "a"}), store.Name{Account: 1, Path: inbox, UIDValidities: []uint32{10, 30}, By: []store.FolderID{7, 7}, Last: 7})
	if n := of(1, long); !n.Path.Equal(long) || n.Path[1] != "\xff" || n.High() != 0 || n.Last != 9 {
		t.Errorf("never shown: %v %v", n.UIDValidities, n.Last)
	}
	write(t, s, func(tx *store.Tx) error { return tx.AddName(1, inbox, 11, 20, 30) })
	twice := of(1, inbox)
	equal(t, "twice", twice, store.Name{Account: 1, Path: inbox, UIDValidities: []uint32{10, 20, 30}, By: []store.FolderID{7, 11, 7}, Last: 11})
	for v, by := range map[uint32]store.FolderID{10: 7, 20: 11, 30: 7, 15: 0} {
		equal(t, "told by", twice.ToldBy(v), by)
	}
	equal(t, "the greatest", twice.High(), uint32(30))
	equal(t, "another account's", of(2, inbox).UIDValidities, []uint32{5})
	for v := range uint32(300) {
		write(t, s, func(tx *store.Tx) error { return tx.AddName(2, inbox, 8, 1000-v) })
	}
	if got := of(2, inbox); len(got.UIDValidities) != 100 || got.High() != 1000 || got.UIDValidities[0] != 901 {
		t.Errorf("kept: %v", got)
	}
	if all := read(t, s, func(x *store.Rx) ([]store.Name, error) { return x.Names(1) }); len(all) != 2 {
		t.Errorf("names: %v", all)
	}

	r := store.Renaming{From: inbox, To: long}
	write(t, s, func(tx *store.Tx) error { return tx.PutRenaming(1, r) })
	equal(t, "a renaming", read(t, s, func(x *store.Rx) (store.Renaming, error) { return x.Renaming(1) }), r)
	write(t, s, func(tx *store.Tx) error { return tx.DeleteRenaming(1) })
	for _, acc := range []store.AccountID{1, 2} {
		err := s.View(func(x *store.Rx) error { _, err := x.Renaming(acc); return err })
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a renaming of account %d: %v", acc, err)
		}
	}
}
