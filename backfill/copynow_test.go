package backfill

import (
	"fmt"
	"testing"
)

// TestCopyNowFails: when the destination refuses one of several messages, or the connection ends before or after
// one arrived, the client reads an error and every message is where it was, also in the next process.
func TestCopyNowFails(t *testing.T) {
	for _, how := range []string{"refused", "cut", "cut after it arrived"} {
		for _, uidplus := range []bool{true, false} {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprint(how, uidplus, restart), func(t *testing.T) { copyNowFails(t, how, uidplus, restart) })
			}
		}
	}
}

func copyNowFails(t *testing.T, how string, uidplus, restart bool) {
	b := newBed(t)
	b.dst.uidplus = uidplus
	b.dst.add("Plain")
	want := many(b.src.boxes["INBOX"], 3)
	b.start(true)
	s := b.login()
	m, p := b.open(s, "INBOX"), b.open(s, "Plain")
	b.dst.set(func() {
		if b.dst.cutAfter, b.dst.lostUID = 2, how == "cut after it arrived"; how == "refused" {
			b.dst.cutAfter = 0
			b.dst.refuse = func(body []byte) error {
				if string(body) == message(1, "m") {
					return b.dst.err("APPEND", "CANNOT", Item)
				}
				return nil
			}
		}
	})
	if _, err := m.Move(t.Context(), m.Changes(0).UIDs, "Plain"); err == nil {
		t.Fatal("no error")
	}
	b.dst.set(func() { b.dst.refuse = nil })
	if restart {
		m.Close()
		p.Close()
		b.end()
		b.start(true)
		s = b.login()
		m, p = b.open(s, "INBOX"), b.open(s, "Plain")
	}
	b.shows(p)
	b.shows(m, want...)
	b.eventually(func() error { return b.dst.check("Plain") })
	if n := p.f.size(); n > 0 {
		t.Errorf("%d links are left in an empty folder", n)
	}
	b.e.Release()
	b.wait()
	if _, err := m.Move(t.Context(), m.Changes(0).UIDs, "Plain"); err != nil {
		t.Fatal(err)
	}
	b.shows(p, want...)
	b.holds("INBOX")
	b.holds("Plain", want...)
	b.verified()
}
