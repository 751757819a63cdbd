package storetest

import (
	"errors"
	"testing"

	"crossfade/store"
)

func scanInOrder(t *testing.T, kv store.KV) {
	set(t, kv, "b", "", "a\x00", "", "a", "", "\xff", "", "B", "", "a\xff", "", "aa", "")
	want(t, kv, "", "B= a= a\x00= aa= a\xff= b= \xff= ")
}

func scanPrefix(t *testing.T, kv store.KV) {
	set(t, kv, "a", "", "ab", "", "abc", "", "abd", "", "ac", "", "b", "", "\xff", "", "\xff\xff", "", "\xff\xffx", "")
	for prefix, all := range map[string]string{
		"ab":       "ab= abc= abd= ",
		"abc":      "abc= ",
		"abcd":     "",
		"aba":      "",
		"c":        "",
		"\xff":     "\xff= \xff\xff= \xff\xffx= ",
		"\xff\xff": "\xff\xff= \xff\xffx= ",
	} {
		want(t, kv, prefix, all)
		must(t, kv.Update(func(txn store.Txn) error {
			got, err := dump(txn, prefix)
			if got != all {
				t.Errorf("in a transaction: under %q there is %q, want %q", prefix, got, all)
			}
			return err
		}))
	}
}

func scanStops(t *testing.T, kv store.KV) {
	set(t, kv, "a", "", "b", "", "d", "")
	stop, n := errors.New("stop"), 0
	each := func(key, _ []byte) error {
		if n++; string(key) == "b" {
			return stop
		}
		return nil
	}
	err := kv.View(func(r store.Reader) error { return r.Scan(nil, each) })
	if !errors.Is(err, stop) || n != 2 {
		t.Errorf("%v after %d", err, n)
	}
	n = 0
	err = kv.Update(func(txn store.Txn) error {
		must(t, txn.Set([]byte("aa"), nil))
		must(t, txn.Set([]byte("c"), nil))
		return txn.Scan(nil, each)
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("in a transaction: %v after %d", err, n)
	}
}

func readsItself(t *testing.T, kv store.KV) {
	set(t, kv, "p1", "old", "p3", "old", "p5", "old", "q", "old")
	must(t, kv.Update(func(txn store.Txn) error {
		for _, k := range []string{"o", "p0", "p2", "p3", "p6"} {
			must(t, txn.Set([]byte(k), []byte("new")))
		}
		must(t, txn.Delete([]byte("p1")))
		must(t, txn.Set([]byte("p4"), nil))
		must(t, txn.Delete([]byte("p4")))
		must(t, txn.Delete([]byte("p5")))
		must(t, txn.Set([]byte("p5"), []byte("again")))
		if _, err := txn.Get([]byte("p1")); !errors.Is(err, store.ErrNotFound) {
			t.Error("p1:", err)
		}
		if v, err := txn.Get([]byte("p3")); err != nil || string(v) != "new" {
			t.Errorf("p3: %q, %v", v, err)
		}
		const all = "p0=new p2=new p3=new p5=again p6=new "
		got, err := dump(txn, "p")
		if got != all {
			t.Errorf("there is %q, want %q", got, all)
		}
		return err
	}))
	want(t, kv, "", "o=new p0=new p2=new p3=new p5=again p6=new q=old ")
}

func writeInScan(t *testing.T, kv store.KV) {
	set(t, kv, "a", "1", "b", "2", "c", "3")
	must(t, kv.Update(func(txn store.Txn) error {
		must(t, txn.Set([]byte("d"), []byte("4")))
		return txn.Scan(nil, func(key, value []byte) error {
			if string(key) == "b" {
				return txn.Delete(key)
			}
			return txn.Set(key, append([]byte("x"), value...))
		})
	}))
	want(t, kv, "", "a=x1 c=x3 d=x4 ")
}
