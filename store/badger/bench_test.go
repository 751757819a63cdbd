package badger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/sync/errgroup"

	"crossfade/mapping"
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

// BenchmarkLoadFolder reads a copied folder of 100,000 messages from the disk.
func BenchmarkLoadFolder(b *testing.B) {
	const n = 100_000
	kv := openDir(b, b.TempDir())
	s, err := store.Open(kv)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	put := func(f func(*store.Tx) error) {
		if err := s.Update(f); err != nil {
			b.Fatal(err)
		}
	}
	put(func(tx *store.Tx) error {
		return tx.PutFolder(store.Folder{Account: 1, ID: 1, Sources: make([]store.SourceBox, 1)})
	})
	var links []store.Link
	for uid := uint32(1); uid <= n; uid++ {
		links = append(links, store.Link{
			UID: uid, Src: uid, Dst: uid, State: store.Copied, HasDetails: true, Size: rand.Int64N(100_000),
			Date: int64(uid)*3000 + rand.Int64N(3000), MsgID: mapping.MessageID(rand.Uint64()), Hash: [16]byte{byte(uid), 1},
		})
	}
	for chunk := uint32(0); chunk <= store.ChunkOf(n); chunk++ {
		put(func(tx *store.Tx) error { return tx.PutLinks(1, 1, links, chunk) })
	}
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(func(x *store.Rx) error {
			data, err := x.LoadFolder(1, 1)
			if err == nil && len(data.Links) != n {
				err = fmt.Errorf("%d links", len(data.Links))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
