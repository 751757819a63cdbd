package backfill

import (
	"testing"
)

// TestNotDoneWithAStray: as long as something is on the destination that is to be removed there, the move is not done: who
// waits for it to be compares both sides then.
func TestNotDoneWithAStray(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Kunden"], 2)
	b.start(false)
	m := b.open(b.login(), "Kunden")
	b.wait()
	b.dst.appended = func(string, int) { // its end is not known
		if b.e.Status().Done {
			t.Error("done while it is not known what came of an APPEND")
		}
	}
	b.dst.set(func() {
		b.dst.refuse = func(body []byte) error {
			if subject(string(body)) == name(8) {
				return b.dst.err("APPEND", "LIMIT", Item)
			}
			return nil
		}
		b.dst.stored = func() { // it is marked to be removed
			if n := len(b.dst.has("Kunden")); n != 3 {
				t.Errorf("%d messages there", n)
			}
			if r := b.e.Status(); r.Done || b.e.Overview().Done {
				t.Errorf("done with a stray: %+v", r)
			}
		}
	})
	_, _, err := m.session().Append(t.Context(), "Kunden", []AppendItem{item(message(7, "mine")), item(message(8, "mine"))})
	if err == nil || len(b.dst.writes) < 3 {
		t.Fatalf("%v after %v", err, b.dst.writes)
	}
	b.wait()
	b.shows(m, want...)
	b.holds("Kunden", want...)
	b.verified()
}
