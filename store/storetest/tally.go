package storetest

import (
	"errors"
	"testing"

	"crossfade/store"
)

func tallies(t *testing.T, _ store.KV, s *store.Store) {
	a := store.Tally{Links: []int{0, 1, 0, 2}, Bytes: []int64{0, 5}, Unsized: []int{0, 1}, Own: []int{1}, Refused: []int{3}, Signed: []int{1},
		OwnDone: 1, Flying: 2, Removing: 3, OnDest: 4, Leaving: 5, Lost: 6}
	b := store.Tally{Links: []int{7}}
	of := func(x *store.Rx) (map[store.FolderID]store.Tally, error) { return x.Tallies(1) }
	equal(t, "Tallies of a new state", read(t, s, of), map[store.FolderID]store.Tally{})
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutTally(1, 1, b), tx.PutTally(1, 1, a), tx.PutTally(1, 300, b), tx.PutTally(2, 1, b))
	})
	equal(t, "Tallies", read(t, s, of), map[store.FolderID]store.Tally{1: a, 300: b})
	write(t, s, func(tx *store.Tx) error { return tx.DeleteFolder(1, 1) })
	equal(t, "Tallies", read(t, s, of), map[store.FolderID]store.Tally{300: b})
}
