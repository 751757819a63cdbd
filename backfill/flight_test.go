package backfill

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// flights is how many messages make several batches in flight.
const flights = 3*batchLinks - 7

// TestFlights: whatever ends the flights in their middle, no memory stays taken, nothing is in flight when the writer is
// let go, and in the end each message is there once, in the source's order.
func TestFlights(t *testing.T) {
	for name, fault := range map[string]func(b *bed, stop func()){
		"none": func(*bed, func()) {},
		"cut":  func(b *bed, _ func()) { b.dst.cutAfter = batchLinks + 11 },
		"refused": func(b *bed, _ func()) { // for a moment
			var refused atomic.Bool
			b.dst.refuse = func([]byte) error {
				if refused.Swap(true) {
					return nil
				}
				return &Error{Op: "APPEND", Scope: FolderScope, Patience: Later, Code: "LIMIT", Text: "not now"}
			}
		},
		"stopped": func(b *bed, stop func()) {
			var seen atomic.Int32
			b.dst.onAppend = func(string, int) {
				if seen.Add(1) == 2 {
					stop()
				}
			}
		},
	} {
		for _, uidplus := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, UIDPLUS %t", name, uidplus), func(t *testing.T) {
				b := newBed(t)
				b.dst.uidplus = uidplus
				for i := range flights {
					b.src.boxes["INBOX"].put(message(i, "a"))
				}
				b.start(true)
				s := b.login()
				stopped := make(chan struct{})
				b.dst.set(func() { fault(b, sync.OnceFunc(func() { close(stopped) })) })
				b.e.Release()
				if name == "stopped" {
					<-stopped
					b.end()
					if n := b.e.bodies.InUse(); n != 0 {
						t.Fatalf("%d bytes are taken after the end", n)
					}
					b.dst.set(func() { b.dst.onAppend = nil })
					b.start(false)
					s = b.login()
				}
				m := b.open(s, "INBOX")
				b.wait()
				b.eventually(func() error { return count(m, func(c Counts) int { return c.Copied }, flights) })
				b.eventually(func() error { // a batch is closed after its messages are linked
					if n, flying := b.e.bodies.InUse(), m.f.counted().flying; n != 0 || flying != 0 {
						return fmt.Errorf("%d bytes are taken, %d messages in flight", n, flying)
					}
					return nil
				})
				b.dst.with("INBOX", func(box *fakeBox) {
					var got, want []string
					for _, x := range box.msgs {
						got = append(got, subject(string(x.body)))
					}
					for i := range flights {
						want = append(want, subject(message(i, "a")))
					}
					if name == "refused" { // which comes behind those that were taken meanwhile
						slices.Sort(got)
						slices.Sort(want)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%d messages, or in another order; want %d", len(got), len(want))
					}
				})
			})
		}
	}
}

func TestBatchOf(t *testing.T) {
	for have, want := range map[int]int{0: 500, 10_000: 500, 50_000: 500, 100_000: 1000, 300_000: 2000, 5_000_000: 2000} {
		if got := batchOf(have); got != want {
			t.Errorf("a folder of %d: batches of %d, want %d", have, got, want)
		}
	}
}
