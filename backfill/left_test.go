package backfill

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"crossfade/backfill/gate"
)

// keeper is a source that tells what does not move.
type keeper struct {
	*fakeServer
	asked *atomic.Int32
	err   error
}

func (k keeper) Login(ctx context.Context, user, secret string) (Mail, error) {
	m, err := k.fakeServer.Login(ctx, user, secret)
	if err != nil {
		return nil, err
	}
	return keeperMail{m, k}, nil
}

type keeperMail struct {
	Mail
	k keeper
}

func (m keeperMail) LeftBehind(context.Context) ([]Leftover, error) {
	m.k.asked.Add(1)
	return []Leftover{{Kind: LeftRedirect, Text: "to bob@else.example"}, {Kind: LeftShared, Text: strings.Repeat("ü", 1000)}, {Kind: LeftUnseen, Text: "\xff"}}, m.k.err
}

// TestLeftBehind: what does not move is asked for once a day, kept within bounds, over a restart, and told by the gate.
func TestLeftBehind(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 3)
	k := keeper{fakeServer: b.src, asked: new(atomic.Int32)}
	b.opt = func(o *Options) { o.Source = k }
	b.start(false)
	b.login()
	b.wait()
	look := func() {
		t.Helper()
		b.eventually(func() error {
			if b.accountRecord().Left == nil {
				return errors.New("nobody has looked")
			}
			return nil
		})
		_, c := b.asked(gate.Options{})
		if f := c["forwards"]; f.Colour != gate.Yellow || len(f.Items) != 1 || !strings.HasSuffix(f.Items[0], ": to bob@else.example") {
			t.Errorf("%+v", f)
		}
		if l := c["left behind"]; l.Colour != gate.Yellow || len(l.Items) != 1 || len(l.Items[0]) > maxLeftText+50 || !strings.Contains(l.Text, "not everything could be looked at") {
			t.Errorf("%+v", l)
		}
	}
	look()
	b.end()
	b.start(false)
	b.login()
	b.wait()
	look()
	if n := k.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestLeftBehindFails: nobody waits for it.
func TestLeftBehindFails(t *testing.T) {
	b := newBed(t)
	inbox := many(b.src.boxes["INBOX"], 3)
	k := keeper{fakeServer: b.src, asked: new(atomic.Int32), err: errors.New("no")}
	b.opt = func(o *Options) { o.Source = k }
	b.start(false)
	b.login()
	b.wait()
	b.holds("INBOX", inbox...)
	b.eventually(func() error {
		if k.asked.Load() != 1 {
			return errors.New("not asked")
		}
		return nil
	})
	if b.accountRecord().Left != nil {
		t.Error("something was noted")
	}
}
