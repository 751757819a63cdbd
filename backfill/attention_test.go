package backfill

import (
	"testing"

	"crossfade/backfill/gate"
	"crossfade/store/memory"
)

// notice wants the status page and the metrics to say what waits for the admin.
func (b *bed) notice(when string, want Attention) {
	b.t.Helper()
	if o := b.e.Overview(); o.Admin != want {
		b.t.Errorf("%s: the page says %+v, want %+v", when, o.Admin, want)
	}
	s := b.e.snapshot()
	got := Attention{s.Rebuilds, s.Paused["account"], s.Paused["folder"], s.Asking["account"], s.Asking["folder"]}
	if got != want || len(s.Paused) != 3 || len(s.Asking) != 2 {
		b.t.Errorf("%s: the metrics say %+v (%v, %v), want %+v", when, got, s.Paused, s.Asking, want)
	}
}

func TestAttentionForPauses(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 4)
	b.start(false)
	b.login()
	b.wait()
	b.notice("at first", Attention{})
	must(t, b.e.Pause(Target{Account: "ann@example.test", Folder: "INBOX"}))
	b.notice("a folder", Attention{PausedFolders: 1})
	must(t, b.e.Pause(Target{Account: "ann@example.test"}))
	must(t, b.e.Hold())
	b.notice("all", Attention{PausedFolders: 1, PausedAccounts: 1})
	if s := b.e.snapshot(); s.Paused["all"] != 1 {
		t.Errorf("held: %v", s.Paused)
	}
	must(t, b.e.Release())
	must(t, b.e.Resume(Target{Account: "ann@example.test", Folder: "INBOX"}))
	must(t, b.e.Resume(Target{Account: "ann@example.test"}))
	b.notice("resumed", Attention{})
}

// TestAttentionForQuestions: what 'crossfade accept' answers is counted until it is answered, and nothing else is.
func TestAttentionForQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		side  func(b *bed) *fakeServer
		again bool
	}{
		"the source lost much":      {func(b *bed) *fakeServer { return b.src }, false},
		"the destination lost much": {func(b *bed) *fakeServer { return b.dst }, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			many(b.src.boxes["INBOX"], 200)
			b.start(false)
			m := b.open(b.login(), "INBOX")
			b.wait()
			m.f.setProblem("create", "no such right")
			b.notice("another problem", Attention{})
			m.f.setProblem("create", "")
			c.side(b).with("INBOX", func(box *fakeBox) { box.msgs = box.msgs[150:]; box.modseq++ })
			b.asks(m)
			b.notice("asked", Attention{AskingFolders: 1})
			b.accept("INBOX", c.again)
			b.notice("answered", Attention{})
		})
	}
}

// TestAttentionForAnAccount: what each folder lost is little, and all of it much. A scrape takes nothing from an answer
// that was just given.
func TestAttentionForAnAccount(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 4)
	b.start(false)
	b.login()
	b.wait()
	a := b.account()
	set := func(doubt string, believed bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.treeInfo.doubt, a.believed = doubt, believed
	}
	must(t, b.e.Hold())
	set("all folders are gone", false)
	b.notice("asked", Attention{AskingAccounts: 1})
	set("all folders are gone", true)
	b.notice("answered", Attention{})
	set("", true)
	b.notice("answered, by counts from before the loss", Attention{})
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.believed {
		t.Error("looking took the answer back")
	}
}

// TestAttentionForRebuilds: accounts that wait are counted from the start, before their users are here, and are neither
// copied nor done, whatever their folders look like.
func TestAttentionForRebuilds(t *testing.T) {
	b, _, _ := halfMoved(t)
	b.kv = memory.New()
	b.start(false)
	b.notice("nobody was here", Attention{Rebuilds: 1})
	b.waits(true)
	b.notice("matched", Attention{Rebuilds: 1})
	if o := b.e.Overview(); o.Done || o.Accounts[stateStopped] != 1 {
		t.Errorf("%v, done: %v", o.Accounts, o.Done)
	}
	if _, err := b.e.Rebuild("ann@example.test", false); err != nil {
		t.Fatal(err)
	}
	b.notice("rebuilt", Attention{})
}

// TestAskedIsRemembered: the gate's last answer about everything is there to be scraped, an answer about one account or
// an error is not.
func TestAskedIsRemembered(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 4)
	b.start(false)
	b.login()
	b.wait()
	b.asked(gate.Options{Account: "ann@example.test"})
	if _, err := b.e.Finish(t.Context(), gate.Options{Accept: []string{"everything"}}); err == nil {
		t.Fatal("an unknown condition was accepted")
	}
	if o, s := b.e.Overview(), b.e.snapshot(); o.Asked != nil || s.Asked != nil {
		t.Errorf("%+v, %+v, and nobody asked about all", o.Asked, s.Asked)
	}
	r, _ := b.asked(gate.Options{})
	s := b.e.snapshot()
	if s.Asked == nil || !s.Asked.At.Equal(r.Time) || len(s.Asked.Conditions) != len(r.Conditions) || s.Asked.Conditions["verified"] || !s.Asked.Conditions["copied"] {
		t.Fatalf("%+v, the answer was %+v", s.Asked, r)
	}
	r, _ = b.asked(gate.Options{Accept: []string{"verified"}})
	if s, o := b.e.snapshot(), b.e.Overview(); !s.Asked.Conditions["verified"] || !o.Asked.At.Equal(r.Time) || !o.Asked.OK {
		t.Errorf("accepted: %+v, %+v", s.Asked, o.Asked)
	}
}
