package backfill

import (
	"fmt"
	"testing"

	"crossfade/backfill/gate"
)

// TestFailedWriteRemovesNothing: a write that failed may be durable all the same. At whichever write of a MOVE that
// happens, a program that lives on removes nothing by what it remembers, and the next one has the message once.
func TestFailedWriteRemovesNothing(t *testing.T) {
	for n := 1; ; n++ {
		b := newBed(t)
		b.dst.add("Plain")
		inbox := many(b.src.boxes["INBOX"], 1)
		kv := freezable(b.kv, 0, true)
		b.kv = kv
		b.start(true)
		m := b.open(b.login(), "INBOX")
		plain := b.open(newSession(m.a), "Plain")
		kv.stopIn(n)
		_, err := m.Move(t.Context(), m.Changes(0).UIDs, "Plain")
		if w, err := m.a.dest(t.Context()); err == nil && plain.f.writer.take(t.Context()) == nil {
			_ = plain.f.removePending(t.Context(), w) // as its next turn does
			plain.f.writer.release()
		}
		kv.kill()
		b.end()
		revive(b, kv, 0)
		b.start(false)
		b.login()
		b.wait()
		if _, by := b.asked(gate.Options{}); by["in flight"].Colour != gate.Green {
			t.Errorf("the write %d of a move failed: %+v", n, by["in flight"])
		}
		if got := append(b.dst.has("INBOX"), b.dst.has("Plain")...); len(got) != 1 || fmt.Sprint(got) != fmt.Sprint(inbox) {
			t.Errorf("the write %d of a move failed: %q on the destination, want %q", n, got, inbox)
		}
		b.end()
		if err == nil {
			if n < 3 {
				t.Errorf("the move wrote %d times: it was not seen to fail", n-1)
			}
			return
		}
	}
}
