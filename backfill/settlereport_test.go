package backfill

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"crossfade/backfill/gate"
	"crossfade/backfill/settling"
	"crossfade/store"
)

// tells wants status, page and metrics to agree on how many accounts and folders are at which stage, and what folders wait
// for. What is not named is zero.
func (b *bed) tells(accounts, folders, unsettled map[string]int) {
	b.t.Helper()
	full := func(some map[string]int, names []string) map[string]int {
		out := map[string]int{}
		for _, n := range names {
			out[n] = some[n]
		}
		return out
	}
	var reasons []string
	for _, r := range settling.Reasons() {
		reasons = append(reasons, string(r))
	}
	accounts, folders, unsettled = full(accounts, stages()), full(folders, stages()), full(unsettled, reasons)
	b.eventually(func() error {
		o, s, r := b.e.Overview(), b.e.snapshot(), b.e.Status()
		if !maps.Equal(o.AccountStages, accounts) || !maps.Equal(o.FolderStages, folders) || !maps.Equal(o.Unsettled, unsettled) {
			return fmt.Errorf("the page says %v, %v, %v, want %v, %v, %v", o.AccountStages, o.FolderStages, o.Unsettled, accounts, folders, unsettled)
		}
		if !maps.Equal(s.AccountStages, accounts) || !maps.Equal(s.FolderStages, folders) || !maps.Equal(s.Unsettled, unsettled) {
			return fmt.Errorf("the metrics say %v, %v, %v", s.AccountStages, s.FolderStages, s.Unsettled)
		}
		p := r.Accounts[0].Parting
		if accounts[p.Stage] != 1 || p.Native != folders[stageSettled]+folders[stageSpliced]+folders[stageClosed] || !maps.Equal(full(p.Unsettled, reasons), unsettled) {
			return fmt.Errorf("the status says %+v", p)
		}
		return nil
	})
}

// TestStagesAreTold follows an account from its first login to its end.
func TestStagesAreTold(t *testing.T) {
	b := newBed(t)
	b.settles(settling.Pace{After: settling.Never})
	many(b.src.boxes["INBOX"], 4)
	b.start(true)
	b.login()
	must(t, b.account().refreshTree(t.Context(), 0))
	n := func(stage string, n int) map[string]int { return map[string]int{stage: n} }
	b.tells(n(stageBlended, 1), n(stageBlended, 4), n("incomplete", 4))
	must(t, b.e.Release())
	b.wait()
	b.tells(n(stageBlended, 1), n(stageBlended, 4), n("by_command", 4))
	_, by := b.asked(gate.Options{})
	if c := by["settled"]; c.Colour != gate.Yellow || len(c.Items) != 1 || c.Items[0] != "Ann@example.test: 4 of 4 folders have not settled: 4 by command" {
		t.Errorf("%+v", c)
	}
	b.stages(Target{Account: annName, Folder: "INBOX"}, true)
	must(t, b.e.StopSettling(Target{Account: annName, Folder: "Kunden"}, true))
	b.tells(n(stageBlended, 1), map[string]int{stageBlended: 3, stageSettled: 1}, map[string]int{"by_command": 2, "stopped": 1})
	must(t, b.e.StopSettling(Target{Account: annName, Folder: "Kunden"}, false))
	b.settleAll()
	b.tells(n(stageSettled, 1), n(stageSettled, 4), nil)
	if _, by := b.asked(gate.Options{}); by["settled"].Colour != gate.Green {
		t.Errorf("%+v", by["settled"])
	}
	_, err := b.e.AcceptSplice(annName, true)
	must(t, err)
	b.tells(n(stageSpliced, 1), n(stageSpliced, 4), nil)
	b.closes(false, "")
	b.tells(n(stageClosed, 1), n(stageClosed, 4), nil)
}

// TestOldNamesInUse: the gate tells who still uses the source's folder names, unless the admin has accepted that they end.
func TestOldNamesInUse(t *testing.T) {
	b := newBed(t)
	b.start(false)
	b.login()
	b.wait()
	a := b.account()
	a.mu.Lock()
	a.aliasUse.noted, a.aliasUse.last = 7, time.Now().Add(-time.Hour)
	a.mu.Unlock()
	if _, by := b.asked(gate.Options{}); by["old names"].Colour != gate.Yellow {
		t.Errorf("%+v", by["old names"])
	}
	must(t, a.change(func(rec *store.Account) { rec.SpliceAccepted = true }))
	if _, by := b.asked(gate.Options{}); by["old names"].Colour != gate.Green {
		t.Errorf("%+v", by["old names"])
	}
}
