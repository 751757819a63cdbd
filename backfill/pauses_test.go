package backfill

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// still waits a moment and tells whether the destination's folder holds what it should.
func (b *bed) still(name string, want ...string) {
	b.t.Helper()
	time.Sleep(150 * time.Millisecond)
	b.holds(name, want...)
}

// TestPauseFolder: one folder rests, over a restart, while clients use it and see new mail; the others go on.
func TestPauseFolder(t *testing.T) {
	b := newBed(t)
	inbox := many(b.src.boxes["INBOX"], 3)
	kunden := many(b.src.boxes["INBOX.Kunden"], 2)
	b.start(true)
	s := b.login()
	must(t, b.open(s, "Kunden").f.acct.e.Pause(Target{Account: s.a.name, Folder: "Kunden"}))
	must(t, b.e.Release())
	b.eventually(func() error { return b.dst.check("INBOX", inbox...) })
	b.still("Kunden")
	b.end()
	b.start(false)
	m := b.open(b.login(), "Kunden")
	b.shows(m, kunden...)
	b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(50, "late")) })
	b.eventually(func() error { return count(m, func(c Counts) int { return c.Messages }, 3) })
	b.still("Kunden")
	r := b.e.Status()
	for _, f := range r.Accounts[0].Folders {
		if f.Paused != (f.Folder == "Kunden") {
			t.Errorf("%+v", f)
		}
	}
	must(t, b.e.Resume(Target{Account: m.a.name, Folder: "Kunden"}))
	b.wait()
	b.holds("Kunden", append(kunden, "<50@test> ")...)
	b.verified()
}

// TestPauseOutlivesARestart: an account, and everything.
func TestPauseOutlivesARestart(t *testing.T) {
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprint(all), func(t *testing.T) {
			b := newBed(t)
			inbox := many(b.src.boxes["INBOX"], 3)
			b.start(true)
			s := b.login()
			target := Target{Account: s.a.name}
			if all {
				target = Target{}
			}
			must(t, b.e.Pause(target))
			b.end()
			b.start(false)
			m := b.open(b.login(), "INBOX")
			b.shows(m, inbox...)
			b.still("INBOX")
			r := b.e.Status()
			if r.Held != all || r.Accounts[0].Paused == all || r.Accounts[0].Waits == "" {
				t.Errorf("%+v", r)
			}
			must(t, b.e.Resume(target))
			b.wait()
			b.holds("INBOX", inbox...)
			b.verified()
		})
	}
}

// TestUnknownTargets are refused with what to do.
func TestUnknownTargets(t *testing.T) {
	b := newBed(t)
	b.start(true)
	s := b.login()
	for _, target := range []Target{{Account: "nobody"}, {Account: s.a.name, Folder: "nowhere"}, {Folder: "INBOX"}} {
		var no *Refusal
		for _, err := range []error{b.e.Pause(target), b.e.Resume(target), b.e.Retry(target), b.e.Prioritize(target, 1)} {
			if !errors.As(err, &no) {
				t.Errorf("%+v: %v", target, err)
			}
		}
	}
	if err := b.e.Prioritize(Target{}, MaxPriority+1); err == nil {
		t.Error("a priority without bounds")
	}
	must(t, b.e.Prioritize(Target{Account: s.a.name}, 5))
	b.end()
	b.start(true)
	if r := b.e.Status(); r.Accounts[0].Priority != 5 {
		t.Errorf("%+v", r.Accounts[0])
	}
}

// TestFullMailboxRests: a refusal that concerns the account is waited out, is told, and a command ends the wait.
func TestFullMailboxRests(t *testing.T) {
	b := newBed(t)
	b.opt = func(o *Options) { o.AccountPause = time.Hour }
	want := many(b.src.boxes["INBOX"], 3)
	tries := 0
	b.dst.refuse = func([]byte) error { tries++; return b.dst.err("APPEND", "OVERQUOTA", AccountScope) }
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.eventually(func() error {
		if a := b.e.Status().Accounts[0]; a.WaitsUntil == nil || a.Problem == "" || time.Until(*a.WaitsUntil) < 50*time.Minute {
			return fmt.Errorf("%+v", a)
		}
		return nil
	})
	b.shows(m, want...)
	var before int
	b.dst.set(func() { before, b.dst.refuse = tries, nil })
	if b.still("INBOX"); before > 6 {
		t.Errorf("%d tries", before)
	}
	must(t, b.e.Retry(Target{Account: m.a.name}))
	b.wait()
	b.holds("INBOX", want...)
	b.verified()
}
