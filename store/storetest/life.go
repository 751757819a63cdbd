package storetest

import (
	"errors"
	"fmt"
	"testing"

	"crossfade/store"
)

func closed(t *testing.T, open Open) {
	kv, _ := open(t)
	set(t, kv, "a", "1")
	must(t, kv.Close())
	for name, err := range map[string]error{
		"View":   kv.View(func(store.Reader) error { t.Error("viewed"); return nil }),
		"Update": kv.Update(func(store.Txn) error { t.Error("updated"); return nil }),
		"Close":  kv.Close(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// openedAgain writes, opens again and compares, some times over.
func openedAgain(t *testing.T, open Open) {
	kv, reopen := open(t)
	if reopen == nil {
		must(t, kv.Close())
		return
	}
	all := ""
	for i := range 5 {
		set(t, kv, fmt.Sprintf("k%d", i), "v", "gone", "v")
		must(t, kv.Update(func(txn store.Txn) error { return txn.Delete([]byte("gone")) }))
		all += fmt.Sprintf("k%d=v ", i)
		kv = reopen()
		want(t, kv, "", all)
	}
	must(t, kv.Close())
}
