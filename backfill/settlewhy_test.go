package backfill

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/mapping"
)

// TestSettleConditions: what stands in the way is told, nothing is switched, and once it is gone the folder settles.
func TestSettleConditions(t *testing.T) {
	refuse := func([]byte) error { return newFake("new", "/", 1).err("APPEND", "CANNOT", Item) }
	for _, c := range []struct {
		name   string
		before func(b *bed) // before the move
		after  func(b *bed, m *Mailbox)
		why    string
		mend   func(b *bed, m *Mailbox) // nil: it cannot be mended
	}{
		{"paused", nil, func(b *bed, m *Mailbox) { b.e.Hold() }, "paused", func(b *bed, m *Mailbox) { b.e.Release() }},
		{"not copied", nil, func(b *bed, m *Mailbox) {
			b.e.Hold()
			b.src.with("INBOX", func(box *fakeBox) { box.put(message(60, "late")) })
			must(b.t, m.f.refresh(b.t.Context(), 0))
		}, "1 messages are not copied yet", func(b *bed, m *Mailbox) { b.e.Release(); b.wait() }},
		{"refused", func(b *bed) { b.dst.refuse = refuse }, nil, "4 messages were refused", func(b *bed, m *Mailbox) {
			_, err := b.e.SignOff(b.t.Context(), QuarantineFilter{}, "test", false)
			must(b.t, err)
		}},
		{"other bytes", nil, func(b *bed, m *Mailbox) {
			b.dst.with("INBOX", func(box *fakeBox) { box.msgs[0].body = append(box.msgs[0].body, "more\r\n"...) })
		}, "1 copies have other bytes", func(b *bed, m *Mailbox) {
			b.dst.with("INBOX", func(box *fakeBox) { box.msgs[0].body = []byte(message(0, "m")) })
		}},
		{"great UIDs", func(b *bed) { b.dst.boxes["INBOX"].next = provisional - 1 }, nil, "too great", nil},
		{"many vanished", func(b *bed) { many(b.src.boxes["INBOX"], 80) }, func(b *bed, m *Mailbox) {
			b.src.with("INBOX", func(box *fakeBox) {
				box.remove(slices.Collect(func(yield func(uint32) bool) {
					for u := uint32(5); u < 80 && yield(u); u++ {
					}
				})...)
			})
			must(b.t, m.f.refresh(b.t.Context(), 0))
		}, "vanished from the source", func(b *bed, m *Mailbox) {
			_, err := b.e.Accept(b.t.Context(), "ann@example.test", "INBOX", false)
			must(b.t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			many(b.src.boxes["INBOX"], 4)
			if c.before != nil {
				c.before(b)
			}
			b.start(false)
			m := b.open(b.login(), "INBOX")
			b.wait()
			if c.after != nil {
				c.after(b, m)
			}
			b.eventually(func() error {
				left, err := b.e.Settle(t.Context(), "ann@example.test", "INBOX")
				if err != nil || len(left) != 1 || !strings.Contains(fmt.Sprint(left[0].Reasons), c.why) {
					return fmt.Errorf("%+v, %v, want %q", left, err, c.why)
				}
				return nil
			})
			if m.Life().Err() != nil || m.f.record().State == folderSettled || m.f.record().Draft != 0 {
				t.Fatalf("it has switched all the same: %+v", m.f.record())
			}
			if c.mend == nil {
				return
			}
			c.mend(b, m)
			b.settleAll()
			m = b.open(m.session(), "INBOX")
			b.eventually(func() error { return b.watched(m, len(b.dst.has("INBOX"))) })
			b.numbered(m)
		})
	}
}

// TestSettleHoldTimesOut: a client that is busy in the folder for long is not cut off; the folder goes on as it was, and
// settles when the client is done.
func TestSettleHoldTimesOut(t *testing.T) {
	b := newBed(t)
	b.opt = func(o *Options) { o.SettleHold = 50 * time.Millisecond }
	many(b.src.boxes["INBOX"], 4)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	inside, out, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- m.Fetch(t.Context(), m.Changes(0).UIDs[:1], []string{"BODY.PEEK[]"}, func(*RawItem) error {
			close(inside)
			<-out
			return nil
		})
	}()
	<-inside
	left, err := b.e.Settle(t.Context(), "", "INBOX")
	if err != nil || len(left) != 1 || !strings.Contains(fmt.Sprint(left), "busy") {
		t.Errorf("%+v, %v", left, err)
	}
	uids := m.Changes(0).UIDs
	must(t, m.Store(t.Context(), uids[1:2], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	if rec := m.f.record(); rec.Draft != 0 || rec.State == folderSettled {
		t.Errorf("record %+v", rec)
	}
	close(out)
	must(t, <-done)
	b.settleAll()
	if err := m.Fetch(t.Context(), uids, []string{"BODY.PEEK[]"}, nil); !errors.Is(err, ErrSwitched) {
		t.Errorf("a FETCH by old numbers: %v", err)
	}
	b.numbered(b.open(m.session(), "INBOX"))
}

// TestSettleLarge: a folder of more messages than one transaction writes, with whiteouts, late changes while it is
// written, and a client that is held no longer than it must be.
func TestSettleLarge(t *testing.T) {
	n := 12_000
	if soak() > 1 {
		n = 50_000
	}
	b := newBed(t)
	b.opt = func(o *Options) { o.Poll, o.SettleHold = time.Hour, time.Minute }
	many(b.src.boxes["INBOX"], n)
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	uids := m.Changes(0).UIDs
	var gone []uint32
	for i, u := range uids {
		if i%7 == 0 {
			gone = append(gone, u)
		}
	}
	must(t, m.Expunge(t.Context(), gone))
	b.eventually(func() error { return b.dst.holding("INBOX", n-len(gone)) })
	b.wait()
	began := time.Now()
	b.settleAll()
	t.Logf("%d messages settled in %v", n-len(gone), time.Since(began))
	m = b.open(s, "INBOX")
	b.numbered(m)
	b.end()
	b.start(false)
	m = b.open(b.login(), "INBOX")
	b.numbered(m)
	if w := m.f.counted().counts().Whiteouts; w != len(gone) {
		t.Errorf("%d whiteouts of %d", w, len(gone))
	}
}

// holding complains unless a folder has so many messages.
func (s *fakeServer) holding(name string, n int) error {
	if got := len(s.has(name)); got != n {
		return fmt.Errorf("%s holds %d messages, want %d", name, got, n)
	}
	return nil
}
