package backfill

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/gate"
	"crossfade/store"
)

const annName = "ann@example.test"

// settledAnn is a bed whose account has settled after a client deleted one of its five messages.
func settledAnn(t *testing.T) *bed {
	t.Helper()
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.start(false)
	s := b.login()
	b.wait()
	m := b.open(s, "INBOX")
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[2:3]))
	m.Close()
	must(t, s.Close())
	b.settleAll()
	return b
}

// closes tries to close the account, and wants it to end like this: "" if it is closed.
func (b *bed) closes(anyway bool, want string) {
	b.t.Helper()
	c, err := b.e.CloseAccount(b.t.Context(), annName, anyway)
	must(b.t, err)
	why := strings.Join(append(slices.Clone(c.Why), c.Unless...), "; ")
	if (c.Closed != nil) != (want == "") || want == "" && why != "" || !strings.Contains(why, want) {
		b.t.Fatalf("closed %v, because of %q, want %q", c.Closed, why, want)
	}
}

// erased checks that nothing is left of what is erased.
func (b *bed) erased() {
	b.t.Helper()
	if rec := b.accountRecord(); rec.Closed.IsZero() || rec.Secret != nil || rec.SourceSecret != nil {
		b.t.Errorf("%+v", rec)
	}
	b.eventually(func() error {
		for _, f := range b.account().all() {
			if rec := f.record(); hasOwnSource(&rec) || f.counted().states[store.Whiteout] > 0 {
				return fmt.Errorf("left in %s: %+v", rec.Name, f.counted().states)
			}
		}
		return nil
	})
}

// TestClose: a closed account is the destination's alone: its source may be gone, now and after a restart, and what was
// deleted stays deleted.
func TestClose(t *testing.T) {
	b := settledAnn(t)
	b.closes(false, "")
	b.erased()
	b.src.set(func() { b.src.down = true })
	for range 2 {
		m := b.open(b.login(), "INBOX")
		b.shows(m, `<0@test> \Seen`, `<1@test> \Seen`, `<3@test> \Seen`, `<4@test> \Seen`)
		b.dst.with("INBOX", func(b *fakeBox) { b.put(message(50, "new")) })
		b.shows(m, `<0@test> \Seen`, `<1@test> \Seen`, `<3@test> \Seen`, `<4@test> \Seen`, `<50@test> `)
		b.dst.with("INBOX", func(b *fakeBox) { b.remove(b.next - 1) })
		b.shows(m, `<0@test> \Seen`, `<1@test> \Seen`, `<3@test> \Seen`, `<4@test> \Seen`)
		m.Close()
		if r := b.e.Status(); !r.Done || r.Accounts[0].Parting.Stage != stageClosed || r.Accounts[0].Problem != "" {
			t.Errorf("%+v", r.Accounts[0])
		}
		if r, _ := b.asked(gate.Options{}); len(notGreen(r)) > 0 {
			t.Errorf("%+v", notGreen(r))
		}
		b.closes(false, "")
		b.end()
		b.start(false)
	}
	b.erased()
}

// TestCloseKilled: what a kill in the middle left is erased by the next start.
func TestCloseKilled(t *testing.T) {
	b := settledAnn(t)
	must(t, b.account().leaveSource())
	b.end()
	b.start(false)
	b.erased()
	b.shows(b.open(b.login(), "INBOX"), `<0@test> \Seen`, `<1@test> \Seen`, `<3@test> \Seen`, `<4@test> \Seen`)
}

// TestCloseRefused: nothing that mail would be lost by is overlooked, and only what an admin can know better may be.
func TestCloseRefused(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.start(false)
	b.login()
	b.wait()
	b.closes(true, "it has not settled")
	b.settleAll()
	must(t, b.e.Hold())
	b.src.with("INBOX", func(b *fakeBox) { b.put(message(77, "late")).date = time.Now().Add(-time.Hour) })
	b.closes(true, "INBOX: 1 messages are not copied yet")
	must(t, b.e.Release())
	b.follows(6)
	b.closes(false, "mail arrived on the old server on")
	b.src.set(func() { b.src.down = true })
	b.closes(false, "could not be looked at once more")
	if rec := b.accountRecord(); !rec.Closed.IsZero() || rec.Secret == nil {
		t.Errorf("%+v", rec)
	}
	b.closes(true, "")
	b.erased()
	if _, err := b.e.CloseAccount(t.Context(), "bob", true); err == nil {
		t.Error("an account that nobody knows is closed")
	}
}

// TestAcceptSplice: what the admin accepts is kept, and told with how far the account is.
func TestAcceptSplice(t *testing.T) {
	b := settledAnn(t)
	if p, err := b.e.AcceptSplice(annName, false); err != nil || p.Stage != stageSettled || p.Unsettled != nil {
		t.Errorf("%+v %v", p, err)
	}
	p, err := b.e.AcceptSplice(annName, true)
	if err != nil || p.Stage != stageSpliced || !p.SpliceAccepted || !b.accountRecord().SpliceAccepted {
		t.Errorf("%+v %v", p, err)
	}
	b.end()
	b.start(false)
	if r := b.e.Status(); r.Accounts[0].Parting.Stage != stageSpliced {
		t.Errorf("%+v", r.Accounts[0].Parting)
	}
}
