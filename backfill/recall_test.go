package backfill

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
)

// TestBackWhileItsCopyIsRemoved: the source lists a message again in the very moment in which its copy is being removed,
// because it had been missing there. The copy goes, and the message comes back.
func TestBackWhileItsCopyIsRemoved(t *testing.T) {
	for _, modseq := range []bool{true, false} {
		for _, anew := range []bool{false, true} {
			t.Run(fmt.Sprint(modseq, anew), func(t *testing.T) { backWhileRemoved(t, modseq, anew) })
		}
	}
}

func backWhileRemoved(t *testing.T, modseq, anew bool) {
	b := newBed(t)
	b.src.modseq = modseq
	want := many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(false)
	m := b.open(b.login(), "Kunden")
	b.wait()
	begun, end := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	b.dst.set(func() {
		b.dst.stored = func() { // it is marked to be removed
			if once.CompareAndSwap(false, true) {
				close(begun)
				<-end
			}
		}
	})
	var kept []*fakeMsg
	b.src.with("INBOX.Kunden", func(box *fakeBox) {
		kept = slices.Clone(box.msgs)
		box.remove(1)
	})
	<-begun
	b.src.with("INBOX.Kunden", func(box *fakeBox) {
		if box.msgs = kept; anew {
			box.validity += 500
		}
	})
	must(t, m.f.refresh(t.Context(), 0))
	close(end)
	b.shows(m, want...)
	b.wait()
	b.shows(m, want...)
	b.holds("Kunden", want...)
	b.verified()
}
