package powerloss_test

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
	"crossfade/store/powerloss"
	"crossfade/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func reopen(t *testing.T, d *powerloss.Disk) store.KV {
	t.Helper()
	kv, err := d.Open()
	must(t, err)
	return kv
}

// open opens again by a power cut: what was acknowledged is there all the same.
func open(t *testing.T) (store.KV, func() store.KV) {
	d := powerloss.New(1)
	return reopen(t, d), func() store.KV { d.Cut(); return reopen(t, d) }
}

func TestKV(t *testing.T) { storetest.KV(t, open) }

func TestStore(t *testing.T) { storetest.Store(t, open) }

// numbers reads the keys of the store as numbers; it fails if one before the last is not there.
func numbers(t *testing.T, kv store.KV, writer int) int {
	t.Helper()
	n := 0
	must(t, kv.View(func(r store.Reader) error {
		return r.Scan(fmt.Appendf(nil, "%d/", writer), func(key, _ []byte) error {
			if want := fmt.Sprintf("%d/%06d", writer, n+1); string(key) != want {
				return fmt.Errorf("found %s instead of %s", key, want)
			}
			n++
			return nil
		})
	}))
	return n
}

// TestPowerCut cuts the power while some write. What was acknowledged is there, and of what was not a beginning.
func TestPowerCut(t *testing.T) {
	const writers = 4
	kept, dropped := 0, 0
	for seed := range uint64(60) {
		d := powerloss.New(seed)
		kv := reopen(t, d)
		d.StopAt(int(1 + 3*seed))
		var acked [writers]int
		var g errgroup.Group
		for w := range writers {
			g.Go(func() error {
				for {
					err := kv.Update(func(txn store.Txn) error {
						return txn.Set(fmt.Appendf(nil, "%d/%06d", w, acked[w]+1), nil)
					})
					if err != nil {
						return err
					}
					acked[w]++
				}
			})
		}
		if err := g.Wait(); !errors.Is(err, powerloss.ErrPower) {
			t.Fatal(err)
		}
		if err := kv.View(func(store.Reader) error { return nil }); !errors.Is(err, powerloss.ErrPower) {
			t.Fatal("read without power:", err)
		}
		kv = reopen(t, d)
		for w, n := range acked {
			switch got := numbers(t, kv, w); {
			case got < n:
				t.Fatalf("seed %d: writer %d was told of %d updates, %d are there", seed, w, n, got)
			case got > n:
				kept++
			default:
				dropped++
			}
		}
	}
	if kept == 0 || dropped == 0 {
		t.Errorf("of what was not acknowledged, %d were kept and %d dropped: chance has no say", kept, dropped)
	}
}
