package backfill

import (
	"fmt"
	"testing"
	"time"

	"crossfade/mapping"
)

// TestListedOnceADay: what a source never tells as a change is found by a complete listing all the same.
func TestListedOnceADay(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 10)
	b.start(false)
	s := b.login()
	b.wait()
	f := b.open(s, "INBOX").f
	b.src.with("INBOX", func(box *fakeBox) { box.msgs[3].flags = mapping.NewFlags(`\Flagged`) }) // its mod-sequence stays
	<-time.After(300 * time.Millisecond)
	flagged := func() (n int) {
		for _, l := range b.dst.has("INBOX") {
			if l == `<3@test> \Flagged` {
				n++
			}
		}
		return n
	}
	if flagged() != 0 {
		t.Fatal("it was found without being told: this shows nothing")
	}
	must(t, f.sync.take(t.Context()))
	for box := range f.listedAll {
		f.listedAll[box] = time.Now().Add(-25 * time.Hour)
	}
	f.sync.release()
	b.eventually(func() error {
		if flagged() != 1 {
			return fmt.Errorf("the destination has %q", b.dst.has("INBOX"))
		}
		return nil
	})
}
