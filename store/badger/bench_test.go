package badger_test

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
)

// BenchmarkUpdate counts small durable updates, alone and together. Set TMPDIR to a real disk.
func BenchmarkUpdate(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			kv := openDir(b, b.TempDir())
			defer kv.Close()
			value := make([]byte, 200)
			b.ResetTimer()
			var g errgroup.Group
			for c := range clients {
				g.Go(func() error {
					for i := c; i < b.N; i += clients {
						err := kv.Update(func(txn store.Txn) error { return txn.Set(fmt.Appendf(nil, "%d", i), value) })
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err := g.Wait(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
		})
	}
}

// BenchmarkChunk counts updates that rewrite one chunk of 8 kB each, in 400 chunks: a folder being copied.
func BenchmarkChunk(b *testing.B) {
	kv := openDir(b, b.TempDir())
	defer kv.Close()
	value := make([]byte, 8000)
	i := 0
	for b.Loop() {
		i++
		err := kv.Update(func(txn store.Txn) error { return txn.Set(fmt.Appendf(nil, "%d", i/16%400), value) })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(kv.Size())/(1<<20), "MiB-on-disk")
}
