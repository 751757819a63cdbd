package mapping

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStrict(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"Work", "Work"}, {"R&D (2019), a+b = c_d.e@f", "R&D (2019), a+b = c_d.e@f"}, {"Đã gửi", "Đã gửi"},
		{"a{b}", "a=7Bb=7D"}, {"100% * all", "100=25 =2A all"}, {`we"ird\name`, "we=22ird=5Cname"}, {" blanks ", "=20blanks=20"},
		{"a=2Fb{", "a=2Fb=7B"}, // a slash, escaped already
		{"a=3D2Fb", "a=3D2Fb"}, {"=", "="},
		{"long=~0123456789", "long=~0123456789"},
		{strings.Repeat("{", 90), "=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B=7B"},
	} {
		got := Strict(c.name, "/", 0)
		if c.want = strings.TrimSpace(c.want); got != c.want && !strings.HasPrefix(got, c.want+shortMark) {
			t.Errorf("%q: %q, want %q", c.name, got, c.want)
		}
		if again := Strict(got, "/", 0); again != got {
			t.Errorf("%q: %q, and strictly again %q", c.name, got, again)
		}
	}
}

// A destination that refuses names with a sign is planned for until it refuses none: no folder is then to be made under such
// a name, no two fall together unmeant, and whoever plans anew and does not know what was refused decides the same.
func TestPlanRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, dest, opts := drawCase(t)
		if strings.ContainsAny(dest.Separator, `\`) {
			return
		}
		sign := rapid.SampledFrom([]string{"{", "%", "{%"}).Draw(t, "refused")
		opts.Refused = map[string]bool{}
		var p Plan
		for round := 0; ; round++ {
			p = NewPlan(source, dest, opts)
			before := len(opts.Refused)
			for _, d := range p.Decisions {
				for _, seg := range d.Dest {
					if d.Kind == Create && strings.ContainsAny(seg, sign) && !strings.Contains(seg, shortMark) {
						opts.Refused[seg] = true
					}
				}
			}
			if len(opts.Refused) == before {
				break
			}
			if round > 20 {
				t.Fatalf("it does not end: %v", opts.Refused)
			}
		}
		goesTo := map[string][]Decision{}
		for _, d := range p.Decisions {
			if d.Kind != Skip {
				key := d.Dest.Key()
				if opts.CaseInsensitive {
					key = foldCase(key)
				}
				goesTo[key] = append(goesTo[key], d)
			}
			if d.Strict && (!d.Escaped || d.Why == "") {
				t.Fatalf("it does not say why: %+v", d)
			}
			for k, seg := range d.Dest {
				there := slices.ContainsFunc(dest.Folders, func(n Node) bool { return len(n.Path) > k && n.Path[:k+1].Equal(d.Dest[:k+1]) })
				if d.Kind == Create && strings.ContainsAny(seg, sign) && !strings.Contains(seg, shortMark) && !there && dest.Separator != "" {
					t.Fatalf("%q is refused: %+v", seg, d)
				}
			}
		}
		for key, ds := range goesTo {
			checkTogether(t, source, key, ds)
		}
		done := carryOut(dest, p)
		opts.Refused = nil
		for i, e := range NewPlan(source, done, opts).Decisions {
			if d := p.Decisions[i]; !d.Dest.Equal(e.Dest) || d.Kind == Create && e.Kind != Existing {
				t.Fatalf("first\n%+v\nthen\n%+v", d, e)
			}
		}
	})
}
