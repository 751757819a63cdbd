package store_test

import (
	"errors"
	"testing"

	"crossfade/store"
	"crossfade/store/memory"
)

// failing is a KV of which one update fails, and what comes after it goes well.
type failing struct {
	store.KV
	n    int // updates until then
	with error
}

func (k *failing) Update(f func(store.Txn) error) error {
	if k.n--; k.n == 0 {
		return k.with
	}
	return k.KV.Update(f)
}

// keys are how many records there are.
func keys(t *testing.T, kv store.KV) (n int) {
	t.Helper()
	err := kv.View(func(r store.Reader) error {
		return r.Scan(nil, func(_, _ []byte) error { n++; return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSweepFails: an update that deleted a folder was kept, so it is none that failed, whatever becomes of the sweep
// after it. What that left is swept with the next update.
func TestSweepFails(t *testing.T) {
	for _, with := range []error{store.ErrFull, errors.New("the disk is odd")} {
		kv := &failing{KV: memory.New(), with: with}
		s, err := store.Open(kv)
		if err != nil {
			t.Fatal(err)
		}
		do := func(f func(*store.Tx) error) {
			t.Helper()
			if err := s.Update(f); err != nil {
				t.Fatal(err)
			}
		}
		do(func(tx *store.Tx) error { return nil })
		before := keys(t, kv)
		do(func(tx *store.Tx) error {
			return errors.Join(tx.PutFolder(store.Folder{ID: 2, Account: 1}), tx.PutChunk(1, 2, 0, []store.Link{{UID: 5, State: store.Listed}}))
		})
		updates := s.Updates()
		kv.n = 2 // the update, then its sweep
		do(func(tx *store.Tx) error { return tx.DeleteFolder(1, 2) })
		if kv.n != 0 || s.Updates() != updates+1 {
			t.Fatalf("%d updates are left, %d are counted", kv.n, s.Updates()-updates)
		}
		if keys(t, kv) == before {
			t.Fatal("the sweep did not fail: this test sees nothing")
		}
		if err := s.View(func(rx *store.Rx) error { _, err := rx.Folder(1, 2); return err }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the deleted folder: %v", err)
		}
		do(func(tx *store.Tx) error { return nil })
		if n := keys(t, kv); n != before {
			t.Errorf("%d records, want %d", n, before)
		}
	}
}
