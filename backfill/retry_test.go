package backfill

import (
	"bytes"
	"testing"
	"time"
)

// TestRefusedIsTriedAgain: a destination that refused for a while gets the message later, once, and the
// quarantine knows nothing of it any more, also after a restart.
func TestRefusedIsTriedAgain(t *testing.T) {
	for _, restart := range []bool{false, true} {
		b := newBed(t)
		b.opt = func(o *Options) { o.Retry = 30 * time.Millisecond }
		want := many(b.src.boxes["INBOX"], 5)
		bad := []byte(message(2, "x"))[:20]
		b.dst.refuse = func(body []byte) error {
			if bytes.HasPrefix(body, bad) {
				return b.dst.err("APPEND", "", Item)
			}
			return nil
		}
		b.start(false)
		m := b.open(b.login(), "INBOX")
		for end := time.Now().Add(time.Minute); m.f.counted().counts().Quarantined != 1; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never refused: %+v", m.f.counted().counts())
			}
		}
		if restart {
			m.Close()
			b.end()
			b.start(false)
			m = b.open(b.login(), "INBOX")
		}
		b.dst.set(func() { b.dst.refuse = nil })
		for end := time.Now().Add(time.Minute); m.f.counted().counts().Copied != 5; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not tried again: %+v", m.f.counted().counts())
			}
		}
		b.shows(m, want...)
		b.verified()
		if err := m.f.retryRefused(t.Context()); err != nil { // what a later turn of the folder does
			t.Error(err)
		}
		if q, err := m.f.quarantined(); err != nil || len(q) != 0 {
			t.Errorf("quarantine still has %v, %v", q, err)
		}
	}
}
