package backfill

import (
	"context"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/verify"
)

// lyingMail lists less than it says it has, or gives a message that it lists to nobody.
type lyingMail struct {
	*fakeServer
	short  bool
	hollow uint32
	cuts   int // connections that end in the middle of reading
}

func (s *lyingMail) Scan(ctx context.Context, name string, what Scan, each func(Entry) error) (BoxState, error) {
	last := uint32(0)
	if s.short {
		last = s.boxes[name].next - 1
	}
	return s.fakeServer.Scan(ctx, name, what, func(e Entry) error {
		if e.UID == last {
			return nil
		}
		return each(e)
	})
}

func (s *lyingMail) Read(ctx context.Context, name string, validity uint32, set imap.UIDSet, each func(*Message) error) error {
	return s.fakeServer.Read(ctx, name, validity, set, func(m *Message) error {
		if s.cuts > 0 && m.UID%3 == 0 {
			s.cuts--
			return s.err("read", "", HostScope)
		}
		if m.UID == s.hollow {
			return &Error{Op: "read", Host: s.host, Scope: Item, Patience: Later, UID: m.UID}
		}
		return each(m)
	})
}

// TestVerifyProvesNothingByHalves: a listing that is cut short but tagged OK, a message that a server lists and does
// not give, and a side that does not answer are never "ok".
func TestVerifyProvesNothingByHalves(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*bed, *lyingMail)
		want string // part of the problem
		miss int    // unread
		ok   bool
	}{
		{"cut short", func(_ *bed, m *lyingMail) { m.short = true }, "listed 7 messages of 8, twice", 0, false},
		{"hollow", func(_ *bed, m *lyingMail) { m.hollow = 4 }, "", 1, false},
		{"down", func(_ *bed, m *lyingMail) { m.set(func() { m.down = true }) }, "fake", 0, false},
		{"two cuts", func(_ *bed, m *lyingMail) { m.cuts = 2 }, "", 0, true},
	} {
		for _, which := range []string{"source", "destination"} {
			t.Run(c.name+" "+which, func(t *testing.T) {
				b := moved(t, 8)
				a := b.account()
				liar := &lyingMail{fakeServer: b.src}
				if which == "destination" {
					liar.fakeServer = b.dst
				}
				a.mu.Lock()
				if which == "source" {
					a.src = liar
				} else {
					a.dst = liar
				}
				a.mu.Unlock()
				c.do(b, liar)
				r := b.compared("INBOX", verify.Options{})
				if r.OK != c.ok || !strings.Contains(r.Problem, c.want) || r.Unread != c.miss || c.want == "" && r.Problem != "" {
					t.Errorf("%+v", r)
				}
				liar.set(func() { liar.down = false })
			})
		}
	}
}

// TestVerifyBelievesNoEmptySource: a source that suddenly has much less proves nothing.
func TestVerifyBelievesNoEmptySource(t *testing.T) {
	b := moved(t, 120)
	b.src.with("INBOX", func(b *fakeBox) { b.msgs = b.msgs[:20] })
	if r := b.compared("INBOX", verify.Options{}); r.OK || !strings.Contains(r.Problem, "not believed") {
		t.Errorf("%+v", r)
	}
}
