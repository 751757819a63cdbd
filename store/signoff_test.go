package store_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"crossfade/store"
	"crossfade/store/memory"
)

// TestNotesOfPeople: who signed a message off and how a comparison ended come back as they were, also where a name or a
// server's words are not UTF-8.
func TestNotesOfPeople(t *testing.T) {
	st, err := store.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	q := store.Quarantine{UID: 7, Reason: "r", Words: "caf\xe9", Time: now, Attempts: 2, Size: 5, Saved: "ab-5", SignedOff: &store.SignOff{By: "J\xf6rg", Time: now}}
	a := store.Account{ID: 1, Key: "k", Verified: &store.Verified{Begun: now, Ended: now, Folders: 3, Bad: 1, Done: 8, Total: 9, Problem: "Gel\xf6scht: 1 missing"}}
	err = st.Update(func(tx *store.Tx) error {
		return errors.Join(tx.PutAccount(a), tx.PutFolder(store.Folder{ID: 2, Account: 1}), tx.PutQuarantine(1, 2, q))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = st.View(func(rx *store.Rx) error {
		got, err := rx.Quarantined(1, 2, 7)
		if err != nil || !reflect.DeepEqual(got, q) {
			t.Errorf("%+v, %v", got, err)
		}
		rec, err := rx.Account(1)
		if err != nil || !reflect.DeepEqual(rec.Verified, a.Verified) {
			t.Errorf("%+v, %v", rec.Verified, err)
		}
		if _, err := rx.Quarantined(1, 2, 8); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a record that is none: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if q.SignedOff.By != "J\xf6rg" {
		t.Error("the caller's record was changed")
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}
