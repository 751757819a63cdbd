package standin

import (
	"reflect"
	"testing"
)

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

// TestDAVSwitches: every switch of DAV is in the list, once, and its first position is the zero value.
func TestDAVSwitches(t *testing.T) {
	sets := map[string]int{}
	for _, s := range DAVSwitches() {
		if s.Positions[0].Set != nil {
			t.Errorf("%s begins with %s", s.Name, s.Positions[0].Name)
		}
		for i, p := range s.Positions[1:] {
			var o Options
			p.Set(&o)
			if reflect.DeepEqual(o, Options{}) {
				t.Errorf("%s: %s sets nothing", s.Name, p.Name)
			}
			v := reflect.ValueOf(o.DAV)
			for f := range v.NumField() {
				if !v.Field(f).IsZero() && i == 0 {
					sets[v.Type().Field(f).Name]++
				}
			}
		}
	}
	for f := range reflect.TypeFor[DAVOptions]().Fields() {
		if sets[f.Name] != 1 {
			t.Errorf("%s is in %d switches", f.Name, sets[f.Name])
		}
	}
}
