package storetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"crossfade/store"
)

func viewIsolated(t *testing.T, kv store.KV) {
	set(t, kv, "a", "1", "b", "1")
	must(t, kv.View(func(r store.Reader) error {
		// Another client writes while this one is looking.
		var g errgroup.Group
		g.Go(func() error {
			return kv.Update(func(txn store.Txn) error {
				return errors.Join(txn.Set([]byte("a"), []byte("2")), txn.Delete([]byte("b")), txn.Set([]byte("c"), nil))
			})
		})
		must(t, g.Wait())
		got, err := dump(r, "")
		if got != "a=1 b=1 " {
			t.Errorf("the view changed to %q", got)
		}
		return err
	}))
	want(t, kv, "", "a=2 c= ")
}

// add adds 1 to a counter.
func add(txn store.Txn, key string) error {
	v, err := txn.Get([]byte(key))
	n := uint64(0)
	switch {
	case err == nil:
		n = binary.BigEndian.Uint64(v)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return txn.Set([]byte(key), binary.BigEndian.AppendUint64(nil, n+1))
}

// counters reads the counters under a prefix.
func counters(t *testing.T, kv store.KV, prefix string) map[string]uint64 {
	t.Helper()
	all := make(map[string]uint64)
	must(t, kv.View(func(r store.Reader) error {
		return r.Scan([]byte(prefix), func(key, value []byte) error {
			all[string(key)] = binary.BigEndian.Uint64(value)
			return nil
		})
	}))
	return all
}

const (
	clients = 8
	rounds  = 40
)

// manyUpdates has clients count in one counter and in one of their own; a reader checks that the sum always agrees.
func manyUpdates(t *testing.T, kv store.KV) {
	var g errgroup.Group
	for c := range clients {
		g.Go(func() error {
			for range rounds {
				err := kv.Update(func(txn store.Txn) error {
					return errors.Join(add(txn, "sum"), add(txn, fmt.Sprintf("own/%d", c)))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		for range rounds {
			all := counters(t, kv, "")
			sum := uint64(0)
			for k, n := range all {
				if strings.HasPrefix(k, "own/") {
					sum += n
				}
			}
			if sum != all["sum"] {
				return fmt.Errorf("half an update: %v", all)
			}
		}
		return nil
	})
	must(t, g.Wait())
	if n := counters(t, kv, "sum")["sum"]; n != clients*rounds {
		t.Errorf("counted %d of %d", n, clients*rounds)
	}
}

// failureAmongMany has every second update fail: it takes nothing of its neighbours along.
func failureAmongMany(t *testing.T, kv store.KV) {
	no := errors.New("no")
	var g errgroup.Group
	for c := range clients {
		g.Go(func() error {
			for i := range rounds {
				err := kv.Update(func(txn store.Txn) error {
					if err := add(txn, fmt.Sprintf("%d", c)); err != nil {
						return err
					}
					if i%2 == 1 {
						return no
					}
					return nil
				})
				if (err != nil) != (i%2 == 1) || (err != nil && !errors.Is(err, no)) {
					return fmt.Errorf("update %d: %v", i, err)
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	for c, n := range counters(t, kv, "") {
		if n != rounds/2 {
			t.Errorf("client %s counted %d of %d", c, n, rounds/2)
		}
	}
}

// seesBefore passes one value through many hands: whoever finds it takes it on to the next place.
func seesBefore(t *testing.T, kv store.KV) {
	set(t, kv, "at/0000", "ball")
	var g errgroup.Group
	for range clients {
		g.Go(func() error {
			for range rounds {
				err := kv.Update(func(txn store.Txn) error {
					var at []string
					err := txn.Scan([]byte("at/"), func(key, _ []byte) error {
						at = append(at, string(key))
						return nil
					})
					if err != nil {
						return err
					}
					if len(at) != 1 {
						return fmt.Errorf("the ball is at %q", at)
					}
					var n int
					if _, err := fmt.Sscanf(at[0], "at/%d", &n); err != nil {
						return err
					}
					return errors.Join(txn.Delete([]byte(at[0])), txn.Set(fmt.Appendf(nil, "at/%04d", n+1), []byte("ball")))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	want(t, kv, "", fmt.Sprintf("at/%04d=ball ", clients*rounds))
}

// likeMap does the same at random to the engine and to a map.
func likeMap(t *testing.T, kv store.KV) {
	rapid.Check(t, func(t *rapid.T) {
		model := emptied(t, kv)
		for range rapid.IntRange(1, 6).Draw(t, "updates") {
			next, fail := maps.Clone(model), rapid.Bool().Draw(t, "fail")
			err := kv.Update(func(txn store.Txn) error {
				for range rapid.IntRange(0, 8).Draw(t, "writes") {
					key := rapid.StringMatching(`[ab]{1,3}`).Draw(t, "key")
					if rapid.Bool().Draw(t, "delete") {
						delete(next, key)
						must(t, txn.Delete([]byte(key)))
						continue
					}
					next[key] = rapid.StringMatching(`[xyz]{0,3}`).Draw(t, "value")
					must(t, txn.Set([]byte(key), []byte(next[key])))
				}
				same(t, txn, next)
				if fail {
					return errors.New("no")
				}
				return nil
			})
			if (err != nil) != fail {
				t.Fatal(err)
			}
			if !fail {
				model = next
			}
			must(t, kv.View(func(r store.Reader) error { same(t, r, model); return nil }))
		}
	})
}

// emptied empties the engine.
func emptied(t *rapid.T, kv store.KV) map[string]string {
	must(t, kv.Update(func(txn store.Txn) error {
		return txn.Scan(nil, func(key, _ []byte) error { return txn.Delete(key) })
	}))
	return make(map[string]string)
}

func same(t *rapid.T, r store.Reader, model map[string]string) {
	prefix := rapid.StringMatching(`[ab]{0,2}`).Draw(t, "prefix")
	wanted := ""
	for _, k := range slices.Sorted(maps.Keys(model)) {
		if strings.HasPrefix(k, prefix) {
			wanted += k + "=" + model[k] + " "
		}
	}
	got, err := dump(r, prefix)
	if err != nil || got != wanted {
		t.Fatalf("under %q there is %q, want %q (%v)", prefix, got, wanted, err)
	}
}
