package main

import (
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

// TestStatusTellsWhoLeaves: how far accounts are on their way out is told once it begins.
func TestStatusTellsWhoLeaves(t *testing.T) {
	used := time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)
	report := func(name string, p backfill.Parting) backfill.AccountReport {
		return backfill.AccountReport{Account: name, Done: true, Parting: p}
	}
	e := &fakeEngine{report: backfill.Report{SettleStopped: true, Accounts: []backfill.AccountReport{
		report("a@x", backfill.Parting{Stage: "blended", Unsettled: map[string]int{"patience": 5}}),
		report("b@x", backfill.Parting{Stage: "blended", Native: 3, Unsettled: map[string]int{"unseen": 2, "refused": 1}}),
		report("c@x", backfill.Parting{Stage: "settled", Native: 6, AliasUsed: &used}),
		report("d@x", backfill.Parting{Stage: "closed", Native: 6}),
	}}}
	_, out, _ := call("status", "--state", control(t, e))
	out = strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"Nothing settles: 'crossfade settle --go'", "a@x copied", "3 of 6 folders are settled; 1 refused, 2 unseen (crossfade settle)", "c@x settled", "last on 2026-12-02 (crossfade splice)", "d@x closed"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "patience") {
		t.Errorf("an account of which nothing has settled:\n%s", out)
	}
}
