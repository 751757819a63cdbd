package standin

import "testing"

// TestPairs: any two positions of any two switches meet.
func TestPairs(t *testing.T) {
	for name, all := range map[string][]Switch{"IMAP": IMAPSwitches(), "DAV": DAVSwitches()} {
		t.Run(name, func(t *testing.T) { pairsMeet(t, all) })
	}
}

func pairsMeet(t *testing.T, all []Switch) {
	rows := Pairs(all)
	t.Logf("%d rows for %d switches", len(rows), len(all))
	for a := range all {
		for b := range a {
			met := map[[2]int]bool{}
			for _, r := range rows {
				met[[2]int{r[a], r[b]}] = true
			}
			if want := len(all[a].Positions) * len(all[b].Positions); len(met) != want {
				t.Errorf("%s and %s meet in %d of %d ways", all[a].Name, all[b].Name, len(met), want)
			}
		}
	}
	for i, r := range rows {
		if len(r) != len(all) {
			t.Errorf("row %d has %d switches", i, len(r))
		}
	}
}
