package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"crossfade/store"
)

// Open returns a new empty engine. reopen closes it and opens it again with what it holds; nil for an engine
// that forgets. The suite closes what it opened.
type Open func(t *testing.T) (kv store.KV, reopen func() store.KV)

// KV is the suite for engines.
func KV(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, store.KV){
		"set, get, delete":              setGetDelete,
		"scan in order":                 scanInOrder,
		"scan within the prefix":        scanPrefix,
		"scan stops at an error":        scanStops,
		"a transaction reads itself":    readsItself,
		"writing during a scan":         writeInScan,
		"an error rolls back":           rollsBack,
		"a panic rolls back":            panicRollsBack,
		"bytes are copied":              copies,
		"bounds":                        bounds,
		"large values":                  largeValues,
		"a view does not change":        viewIsolated,
		"every view does not change":    snapshotsKept,
		"large updates at once":         largeAtOnce,
		"many updates at once":          manyUpdates,
		"a failure among many":          failureAmongMany,
		"an update sees the one before": seesBefore,
		"like a map":                    likeMap,
	} {
		t.Run(name, func(t *testing.T) {
			kv, _ := open(t)
			defer shut(t, kv)
			test(t, kv)
		})
	}
	t.Run("closed", func(t *testing.T) { closed(t, open) })
	t.Run("opened again", func(t *testing.T) { openedAgain(t, open) })
}

func shut(t *testing.T, kv store.KV) {
	t.Helper()
	if err := kv.Close(); err != nil {
		t.Error("Close:", err)
	}
}

// tb is a test, rapid's or testing's.
type tb interface {
	Helper()
	Fatal(args ...any)
}

// must ends the test when err is not nil.
func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// set writes pairs in one update.
func set(t testing.TB, kv store.KV, pairs ...string) {
	t.Helper()
	must(t, kv.Update(func(txn store.Txn) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := txn.Set([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	}))
}

// dump is everything under a prefix, as text.
func dump(r store.Reader, prefix string) (string, error) {
	var b bytes.Buffer
	err := r.Scan([]byte(prefix), func(key, value []byte) error {
		fmt.Fprintf(&b, "%s=%s ", key, value)
		return nil
	})
	return b.String(), err
}

// want compares what is under a prefix.
func want(t testing.TB, kv store.KV, prefix, all string) {
	t.Helper()
	must(t, kv.View(func(r store.Reader) error {
		got, err := dump(r, prefix)
		if got != all {
			t.Errorf("under %q there is %q, want %q", prefix, got, all)
		}
		return err
	}))
}

func setGetDelete(t *testing.T, kv store.KV) {
	set(t, kv, "a", "1", "b", "2", "empty", "")
	set(t, kv, "a", "3")
	must(t, kv.Update(func(txn store.Txn) error {
		return errors.Join(txn.Delete([]byte("b")), txn.Delete([]byte("never")))
	}))
	must(t, kv.View(func(r store.Reader) error {
		if v, err := r.Get([]byte("a")); err != nil || string(v) != "3" {
			t.Errorf("a: %q, %v", v, err)
		}
		if v, err := r.Get([]byte("empty")); err != nil || len(v) != 0 {
			t.Errorf("empty: %q, %v", v, err)
		}
		for _, key := range []string{"b", "never", "aa"} {
			if _, err := r.Get([]byte(key)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", key, err)
			}
		}
		return nil
	}))
	want(t, kv, "", "a=3 empty= ")
}

func copies(t *testing.T, kv store.KV) {
	must(t, kv.Update(func(txn store.Txn) error {
		key, value := []byte("key"), []byte("value")
		err := txn.Set(key, value)
		key[0], value[0] = 'X', 'X'
		return err
	}))
	want(t, kv, "", "key=value ")
}

func rollsBack(t *testing.T, kv store.KV) {
	set(t, kv, "a", "1", "b", "2")
	no := errors.New("no")
	err := kv.Update(func(txn store.Txn) error {
		return errors.Join(txn.Set([]byte("a"), []byte("9")), txn.Set([]byte("c"), nil), txn.Delete([]byte("b")), no)
	})
	if !errors.Is(err, no) {
		t.Error("the error is lost:", err)
	}
	want(t, kv, "", "a=1 b=2 ")
}

func panicRollsBack(t *testing.T, kv store.KV) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		err := kv.Update(func(txn store.Txn) error {
			must(t, txn.Set([]byte("a"), nil))
			panic("on purpose")
		})
		t.Error("returned", err)
	}()
	set(t, kv, "b", "1")
	want(t, kv, "", "b=1 ")
}

func bounds(t *testing.T, kv store.KV) {
	for name, write := range map[string]func(store.Txn) error{
		"no key":      func(txn store.Txn) error { return txn.Set(nil, nil) },
		"long key":    func(txn store.Txn) error { return txn.Set(make([]byte, store.MaxKey+1), nil) },
		"large value": func(txn store.Txn) error { return txn.Set([]byte("k"), make([]byte, store.MaxValue+1)) },
		"many keys":   func(txn store.Txn) error { return fill(txn, store.MaxRecords+1, 0) },
		"many bytes":  func(txn store.Txn) error { return fill(txn, 9, store.MaxUpdate/8) },
	} {
		if err := kv.Update(write); !errors.Is(err, store.ErrTooBig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	want(t, kv, "", "")
	// The largest update there is.
	const key = 4
	must(t, kv.Update(func(txn store.Txn) error { return fill(txn, store.MaxRecords, store.MaxUpdate/store.MaxRecords-key) }))
}

// fill writes n values of a size.
func fill(txn store.Txn, n, size int) error {
	for i := range n {
		if err := txn.Set([]byte(fmt.Sprintf("%04x", i)), make([]byte, size)); err != nil {
			return err
		}
	}
	return nil
}

func largeValues(t *testing.T, kv store.KV) {
	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, store.MaxValue-i) }
	for i := range 40 {
		must(t, kv.Update(func(txn store.Txn) error { return txn.Set([]byte{byte(i)}, value(i)) }))
	}
	i := 0
	must(t, kv.View(func(r store.Reader) error {
		return r.Scan(nil, func(key, got []byte) error {
			if !bytes.Equal(key, []byte{byte(i)}) || !bytes.Equal(got, value(i)) {
				t.Errorf("value %d: key %x, %d bytes", i, key, len(got))
			}
			i++
			return nil
		})
	}))
	if i != 40 {
		t.Errorf("%d values of 40", i)
	}
	if kv.Size() <= 0 {
		t.Error("Size:", kv.Size())
	}
}
