package backfill

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// BenchmarkBurst is 10,000 changes (a third each are expunges, new mail and flags) in a folder of 200,000 links, a hundred to an
// edit, with five sessions that ask whenever they are woken. Told is how long a session's question takes on average, the
// longest one, and how long after the last edit the last session knows of it.
func BenchmarkBurst(b *testing.B) {
	const size, edits, sessions = 200_000, 100, 5
	var polls, spent, longest, late atomic.Int64
	for b.Loop() {
		b.StopTimer()
		_, f := benchFolder(b, size)
		start := f.changes(0).Version
		end := make(chan struct{})
		b.StartTimer()
		var wg sync.WaitGroup
		for range sessions {
			wg.Go(func() {
				for v, last := start, false; !last; {
					select {
					case <-f.changedSince(v):
					case <-end:
						last = true
					}
					begun := time.Now()
					v = f.changes(v).Version
					took := time.Since(begun).Nanoseconds()
					polls.Add(1)
					spent.Add(took)
					for was := longest.Load(); took > was && !longest.CompareAndSwap(was, took); was = longest.Load() {
					}
				}
			})
		}
		for n := range edits {
			must(b, f.edit(func(e *edit) error {
				for i := range uint32(33) {
					at := uint32(n)*2000 + i*60 + 1
					l, _ := e.link(at)
					e.remove(l)
					l, _ = e.link(at + 1)
					e.touch(l, FlagsAdd, mapping.NewFlags(`\Flagged`))
					uid := e.nextUID()
					e.insert(store.Link{UID: uid, Src: uid, State: store.Listed})
				}
				return nil
			}))
		}
		done := time.Now()
		close(end)
		wg.Wait()
		late.Add(time.Since(done).Nanoseconds())
	}
	b.ReportMetric(float64(spent.Load())/float64(polls.Load())/1e6, "ms/poll")
	b.ReportMetric(float64(longest.Load())/1e6, "ms/longest-poll")
	b.ReportMetric(float64(late.Load())/float64(b.N)/1e6, "ms/last-told")
}
