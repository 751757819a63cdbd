package learn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// String is the report for people.
func (r *Report) String() string {
	var b strings.Builder
	line := func(what string, c Count) { fmt.Fprintf(&b, "%-34s %s\n", what, c) }
	fmt.Fprintf(&b, "%-34s %6s %9s %9s %9s %9s\n", "five mail roles", "names", "right", "wrong", "doubt", "unknown")
	line("in the table, with vote", r.Table)
	line("in the table, in its tree", r.TableInTree)
	line("source left out, name alone", r.Alone)
	line("source left out, with vote", r.Voted)
	line("source left out, in its tree", r.InTree)
	line("  Exchange-like lists", r.Exchange)
	fmt.Fprintf(&b, "(learned without the source and its relatives; words told by hand stay)\n\nby role, source left out, with vote%30s\n", "precision")
	for _, role := range slices.Sorted(maps.Keys(r.Roles)) {
		c := r.Roles[role]
		fmt.Fprintf(&b, "%-34s %s %8.3f\n", role, c, float64(c.Right)/float64(max(1, c.Right+r.False[role])))
	}
	b.WriteString("\nby source, source left out, with vote\n")
	for _, s := range sortedKeys(r.Sources) {
		line(s, *r.Sources[s])
	}
	if r.Others.All() > 0 {
		b.WriteString("\nsources that nothing was learned from\n")
		line("name alone", r.Others)
		line("in their tree", r.Trees)
		for _, s := range sortedKeys(r.OtherSources) {
			line("  "+s, *r.OtherSources[s])
		}
	}
	fmt.Fprintf(&b, "\n%d names of ordinary folders: %d taken for default folders, %d doubted\n", r.Custom, len(r.Taken), len(r.Unsure))
	for _, s := range r.Taken {
		b.WriteString("  taken   " + s + "\n")
	}
	for _, s := range r.Unsure {
		b.WriteString("  doubted " + s + "\n")
	}
	return b.String()
}
