package storetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

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

// largeAtOnce has updates that are near the bound wait for the disk together.
func largeAtOnce(t *testing.T, kv store.KV) {
	var g errgroup.Group
	for c := range clients {
		g.Go(func() error {
			for i := range 4 {
				err := kv.Update(func(txn store.Txn) error {
					return errors.Join(txn.Set([]byte{byte(c), byte(i), 0}, make([]byte, store.MaxUpdate/2-3)),
						txn.Set([]byte{byte(c), byte(i), 1}, make([]byte, store.MaxUpdate/2-3)))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	n := 0
	must(t, kv.View(func(r store.Reader) error {
		return r.Scan(nil, func(_, value []byte) error {
			if n++; len(value) != store.MaxUpdate/2-3 {
				return fmt.Errorf("a value of %d bytes", len(value))
			}
			return nil
		})
	}))
	if n != clients*4*2 {
		t.Errorf("%d values", n)
	}
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
