package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crossfade/store"
)

// snapshotsKept changes a large store step by step, and compares a view of every step with what was there then.
func snapshotsKept(t *testing.T, kv store.KV) {
	model := make(map[string]string)
	r := rand.New(rand.NewPCG(1, 2))
	step := func() {
		set := fmt.Sprintf("k%03d", r.IntN(300))
		must(t, kv.Update(func(txn store.Txn) error {
			if _, is := model[set]; is && r.IntN(2) == 0 {
				delete(model, set)
				return txn.Delete([]byte(set))
			}
			model[set] = fmt.Sprint(r.IntN(10))
			return txn.Set([]byte(set), []byte(model[set]))
		}))
	}
	for range 300 {
		step()
	}
	var look func(depth int) error
	look = func(depth int) error {
		wanted := text(model, "")
		return kv.View(func(r store.Reader) error {
			if depth > 0 {
				step()
				if err := look(depth - 1); err != nil {
					return err
				}
			}
			got, err := dump(r, "")
			if err == nil && got != wanted {
				err = fmt.Errorf("the view changed\n got %s\nwant %s", got, wanted)
			}
			return err
		})
	}
	must(t, look(100))
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
	wanted := text(model, prefix)
	got, err := dump(r, prefix)
	if err != nil || got != wanted {
		t.Fatalf("under %q there is %q, want %q (%v)", prefix, got, wanted, err)
	}
}

// text is what dump makes of a store that holds the same.
func text(model map[string]string, prefix string) string {
	all := ""
	for _, k := range slices.Sorted(maps.Keys(model)) {
		if strings.HasPrefix(k, prefix) {
			all += k + "=" + model[k] + " "
		}
	}
	return all
}
