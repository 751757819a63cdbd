package settling

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// counted shows a Counter all folders.
func counted(p Pace, now time.Time, stopped bool, accounts []Account) map[Reason]int {
	c := NewCounter(p, now, stopped)
	for i := range accounts {
		c.Account(accounts[i])
		for j := range accounts[i].Folders {
			c.Folder(&accounts[i].Folders[j])
		}
	}
	return c.Count()
}

// TestCounter: what is counted in one pass is what a plan's verdicts add up to, whatever has settled and is under way.
func TestCounter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, accounts, stopped := drawPace(t), drawAccounts(t), rapid.IntRange(0, 9).Draw(t, "stopped") == 0
		for i := range accounts {
			for j := range accounts[i].Folders {
				switch f := &accounts[i].Folders[j]; rapid.IntRange(0, 5).Draw(t, "is") {
				case 0:
					f.Settled = noon.Add(-time.Duration(rapid.IntRange(-10, 130).Draw(t, "minutes")) * time.Minute)
				case 1:
					f.Now = true
				case 2: // nothing but the pace can keep it
					f.Complete, f.LastClient, f.Refused = ago(40*day), noon, time.Time{}
				}
			}
		}
		want := make(map[Reason]int)
		for _, r := range Reasons() {
			want[r] = 0
		}
		plan := New(p, noon, stopped, accounts)
		for i := range accounts {
			for j := range accounts[i].Folders {
				if r := plan.Verdict(i, j).Reason; r != Done {
					want[r]++
				}
			}
		}
		if got := counted(p, noon, stopped, accounts); !maps.Equal(got, want) {
			t.Fatalf("counted %v, the verdicts are %v", got, want)
		}
	})
}
