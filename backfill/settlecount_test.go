package backfill

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crossfade/backfill/settling"
	"crossfade/store"
)

// TestUnsettledCounted: what a survey counts of folders that have not settled, in its one look at each, is what the plan by
// which folders settle says of them, whatever they and their accounts are like.
func TestUnsettledCounted(t *testing.T) {
	e := company(t, 6, 6, 2)
	must(t, e.Release()) // else nothing is complete
	rapid.Check(t, func(t *rapid.T) {
		rare := func(what string) bool { return rapid.IntRange(0, 4).Draw(t, what) == 0 }
		when := func(what string) time.Time { // zero, or some time ago
			if n := rapid.IntRange(-20, 200).Draw(t, what); n >= 0 {
				return time.Now().Add(-time.Duration(n) * time.Minute)
			}
			return time.Time{}
		}
		e.opt.Settling = &settling.Pace{After: time.Hour, Unseen: 2 * time.Hour, Folders: rapid.IntRange(0, 3).Draw(t, "folders"), Accounts: rapid.IntRange(0, 2).Draw(t, "accounts")}
		e.settleStopped.Store(rare("all stopped") && rare("really"))
		for _, a := range e.known() {
			a.mu.Lock()
			a.parting = parting{firstLogin: when("first login"), noClients: rare("no clients"), stopped: rare("stopped")}
			if rare("closed") {
				a.parting.closed = time.Now()
			}
			a.rebuild, a.paused = "", rare("paused")
			if rare("lost") && rare("really") {
				a.rebuild = "lost"
			}
			a.mu.Unlock()
			for _, f := range a.all() {
				f.mu.Lock()
				r := &f.rec
				r.Identity.Native, r.Settled, r.Complete, r.LastClient = rapid.Bool().Draw(t, "native"), when("settled"), when("complete"), when("client")
				r.Paused, r.SettleStopped, r.SettleOrdered = rare("folder paused"), rare("folder stopped"), rare("ordered")
				f.settles, f.tally, f.tallied = rare("settles"), tally{}, true
				if rare("left") {
					f.tally.states[store.Listed] = 1
				}
				f.mu.Unlock()
			}
		}
		v := e.survey(nil)
		p := e.settlePlan(v.now)
		want := make(map[string]int)
		for _, r := range settling.Reasons() {
			want[string(r)] = 0
		}
		for i := range p.folders {
			for j := range p.folders[i] {
				if r := p.Verdict(i, j).Reason; r != settling.Done {
					want[string(r)]++
				}
			}
		}
		if !maps.Equal(v.unsettled, want) {
			t.Fatalf("counted %v, the plan says %v", v.unsettled, want)
		}
	})
}
