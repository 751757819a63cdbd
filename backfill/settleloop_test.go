package backfill

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/settling"
	"crossfade/store"
)

// settles has folders settle by themselves, as fast as the pace lets them.
func (b *bed) settles(p settling.Pace) { b.opt = func(o *Options) { o.Settling = &p } }

// stages are the folders that have settled, and those that have not with the word for why.
func (b *bed) stages(t Target, now bool) map[string]string {
	b.t.Helper()
	out := make(map[string]string)
	must(b.t, b.e.SettleEach(b.t.Context(), t, now, func(s SettlingFolder) error {
		if (s.Reason == "") != (len(s.Why) == 0) || slices.Contains(s.Why, "") || (s.Stage == stageBlended) == (s.Reason == "") {
			b.t.Errorf("%+v", s)
		}
		if out[s.Folder] = s.Stage; s.Reason != "" {
			out[s.Folder] = s.Reason
		}
		return nil
	}))
	return out
}

// haveSettled waits until exactly these folders have settled.
func (b *bed) haveSettled(want ...string) {
	b.t.Helper()
	b.eventually(func() error {
		var got []string
		all := b.stages(Target{}, false)
		for name, stage := range all {
			if stage == stageSettled {
				got = append(got, name)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("settled are %q, want %q: %v", got, want, all)
		}
		return nil
	})
}

// stays checks for a while that a folder does not settle, for this reason.
func (b *bed) stays(folder, reason string) {
	b.t.Helper()
	b.eventually(func() error {
		if got := b.stages(Target{}, false)[folder]; got != reason {
			return fmt.Errorf("%s: %s, want %s", folder, got, reason)
		}
		return nil
	})
	for range 10 {
		<-time.After(20 * time.Millisecond)
		if got := b.stages(Target{}, false)[folder]; got != reason {
			b.t.Fatalf("%s: %s, want %s", folder, got, reason)
		}
	}
}

var bedFolders = []string{"Deleted Items", "INBOX", "Kunden", "Sent Items"}

// TestSettlesByItself: with no patience everything that is complete settles; without a word about it nothing does.
func TestSettlesByItself(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.start(false)
	b.login()
	b.wait()
	b.stays("INBOX", "by_command")
	b.end()
	b.settles(settling.Pace{})
	b.start(false)
	b.haveSettled(bedFolders...)
	if !b.e.settlePlan(time.Now()).Again().IsZero() {
		t.Error("something is still to settle")
	}
}

// TestNeverOpenedWaits: what no mail program has opened waits, also over a restart; unless nobody uses IMAP there.
func TestNeverOpenedWaits(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.settles(settling.Pace{Unseen: time.Hour})
	b.start(false)
	s := b.login()
	b.wait()
	b.stays("INBOX", "unseen")
	b.open(s, "INBOX")
	b.haveSettled("INBOX")
	b.open(s, "Kunden")
	b.haveSettled("INBOX", "Kunden")
	b.end()
	b.start(false)
	b.stays("Sent Items", "unseen")
	must(t, b.e.NoClients("ann@example.test", true))
	b.haveSettled(bedFolders...)
}

// TestPatienceOutlastsARestart: since when a folder is complete is kept, and begins anew when something arrives.
func TestPatienceOutlastsARestart(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.settles(settling.Pace{After: time.Hour})
	b.start(false)
	b.login()
	b.wait()
	inbox := func() store.Folder { return b.account().byShownName("INBOX").record() }
	complete := func(after time.Time) (at time.Time) {
		b.eventually(func() error {
			if at = inbox().Complete; !at.After(after) {
				return fmt.Errorf("complete since %v", at)
			}
			return nil
		})
		return at
	}
	first := complete(time.Time{})
	b.stays("INBOX", "patience")
	b.end()
	b.start(false)
	b.stays("INBOX", "patience")
	if again := inbox().Complete; !again.Equal(first) {
		t.Errorf("complete since %v, after a restart %v", first, again)
	}
	b.src.with("INBOX", func(b *fakeBox) { b.put(message(77, "late")) })
	b.follows(6)
	complete(first)
	f := b.account().byShownName("INBOX")
	f.mu.Lock()
	f.leftAt = time.Time{} // as if that had been long ago
	f.mu.Unlock()
	must(t, f.edit(func(e *edit) error { e.record().Complete = time.Now().Add(-2 * time.Hour); return nil }))
	b.e.settleKick()
	b.haveSettled("INBOX")
}

// TestSettleOrdered: what an admin orders settles without patience; what is not complete yet, as soon as it is, whatever
// ends in between.
func TestSettleOrdered(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.settles(settling.Pace{After: settling.Never})
	b.start(true)
	s := b.login()
	b.open(s, "INBOX").Close()
	if got := b.stages(Target{Account: "ann@example.test", Folder: "INBOX"}, true); got["INBOX"] != "incomplete" || len(got) != 1 {
		t.Errorf("%v", got)
	}
	b.end()
	b.start(false)
	must(t, b.e.Release())
	b.haveSettled("INBOX")
	b.wait()
	if got := b.stages(Target{Account: "ann@example.test", Folder: "Kunden"}, true); got["Kunden"] != stageSettled {
		t.Errorf("%v", got)
	}
	b.stays("Sent Items", "by_command")
}

// TestSettleStopped: what is stopped does not settle, whoever says so, also over a restart.
func TestSettleStopped(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.settles(settling.Pace{})
	b.start(true)
	b.login()
	ann := Target{Account: "ann@example.test"}
	sent := Target{Account: ann.Account, Folder: "Sent Items"}
	must(t, b.e.StopSettling(Target{}, true))
	must(t, b.e.StopSettling(ann, true))
	b.end()
	b.start(false)
	must(t, b.e.Release())
	b.wait()
	must(t, b.e.StopSettling(sent, true))
	b.stays("INBOX", "stopped")
	must(t, b.e.StopSettling(Target{}, false))
	b.stays("INBOX", "stopped")
	if got := b.stages(sent, true); got["Sent Items"] != "stopped" {
		t.Errorf("%v", got)
	}
	must(t, b.e.StopSettling(ann, false))
	b.haveSettled("Deleted Items", "INBOX", "Kunden")
	must(t, b.e.StopSettling(sent, false))
	b.haveSettled(bedFolders...)
	for _, err := range []error{b.e.StopSettling(Target{Account: "bob"}, true), b.e.NoClients("bob", true), b.e.SettleEach(t.Context(), Target{Account: "bob"}, false, nil)} {
		if err == nil || !strings.Contains(err.Error(), `no account "bob"`) {
			t.Errorf("%v", err)
		}
	}
}

// TestSettlePaced: no more settle than the pace lets.
func TestSettlePaced(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	b.settles(settling.Pace{Folders: 2})
	b.start(false)
	b.login()
	b.eventually(func() error {
		counts := map[string]int{}
		for _, stage := range b.stages(Target{}, false) {
			counts[stage]++
		}
		if counts[stageSettled] != 2 || counts["pace"] != 2 {
			return fmt.Errorf("%v", counts)
		}
		return nil
	})
}
