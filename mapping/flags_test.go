package mapping

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNewFlags(t *testing.T) {
	for _, c := range []struct {
		in   []string
		want Flags
	}{
		{nil, ""},
		{[]string{`\seen`, `\SEEN`, `\Recent`, `\*`, ""}, `\Seen`},
		{[]string{"$Forwarded", `\flagged`, "$forwarded", `\Answered`}, `$Forwarded \Answered \Flagged`},
		{[]string{"two words"}, "two words"},
		{[]string{`\Custom`}, `\Custom`},
	} {
		if got := NewFlags(c.in...); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	if f := NewFlags("two words"); len(f.List()) != 2 || !f.Has("words") || f.Has("two words") {
		t.Errorf("%q is %q", f, f.List())
	}
	if Flags("").List() != nil || Flags("").Has("") {
		t.Error("the empty set has something")
	}
}

func drawFlags(t *rapid.T, label string) Flags {
	one := rapid.SampledFrom([]string{
		`\Seen`, `\seen`, `\Answered`, `\Flagged`, `\Deleted`, `\DRAFT`, `\Recent`, "$Junk", "$junk", "a", "A", "z]", "ſ", "s", "K",
	})
	return NewFlags(rapid.SliceOf(one).Draw(t, label)...)
}

func TestFlagsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawFlags(t, "a"), drawFlags(t, "b")
		list := a.List()
		if NewFlags(list...) != a {
			t.Fatalf("%q is not canonical", a)
		}
		backwards := slices.Clone(list)
		slices.Reverse(backwards)
		if NewFlags(append(backwards, list...)...) != NewFlags(backwards...) || NewFlags(backwards...) != a {
			t.Fatalf("%q depends on order or count", a)
		}
		sum, diff := a.Add(b), a.Remove(b)
		for _, f := range append(append([]string{`\Seen`, "q"}, list...), b.List()...) {
			if sum.Has(f) != (a.Has(f) || b.Has(f)) || diff.Has(f) != (a.Has(f) && !b.Has(f)) {
				t.Fatalf("%q: %q + %q = %q, - = %q", f, a, b, sum, diff)
			}
			if a.Has(strings.ToLower(f)) != a.Has(f) {
				t.Fatalf("%q in %q depends on case", f, a)
			}
		}
		if a.Has(`\Recent`) {
			t.Fatalf(`\Recent in %q`, a)
		}
	})
}

// Flag by flag: what theirs changed is taken, everything else is ours.
func TestMergeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, ours, theirs := drawFlags(t, "base"), drawFlags(t, "ours"), drawFlags(t, "theirs")
		got := Merge(base, ours, theirs)
		for _, f := range slices.Concat(base.List(), ours.List(), theirs.List(), got.List()) {
			want := ours.Has(f)
			if theirs.Has(f) != base.Has(f) {
				want = theirs.Has(f)
			}
			if got.Has(f) != want {
				t.Fatalf("%q: base %q, ours %q, theirs %q give %q", f, base, ours, theirs, got)
			}
		}
		if NewFlags(got.List()...) != got {
			t.Fatalf("%q is not canonical", got)
		}
		if Merge(base, ours, base) != ours || Merge(theirs, theirs, theirs) != theirs {
			t.Fatal("nothing changed there, but something changes here")
		}
		if again := Merge(theirs, got, theirs); again != got {
			t.Fatalf("again: %q, then %q", got, again)
		}
	})
}
