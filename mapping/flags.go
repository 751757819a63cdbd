package mapping

import (
	"slices"
	"strings"
)

// Flags is a set of message flags in one canonical form: system flags and keywords, sorted, joined by one
// space, each once (system flags in the RFC's spelling, keywords compared without case, first spelling kept).
// Equal sets are equal strings, so it can be a map key. The zero value is the empty set. \Recent is never in it
// (RFC 3501 2.3.2: it belongs to a session, not to the message).
type Flags string

var system = map[string]string{
	`\seen`: `\Seen`, `\answered`: `\Answered`, `\flagged`: `\Flagged`, `\deleted`: `\Deleted`, `\draft`: `\Draft`,
}

// NewFlags makes the canonical set of the given flags.
func NewFlags(flags ...string) Flags {
	out := make([]string, 0, len(flags))
	for _, f := range flags {
		l := strings.ToLower(f)
		if f == "" || l == `\recent` || l == `\*` {
			continue
		}
		if s, ok := system[l]; ok {
			f = s
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	out = slices.CompactFunc(out, strings.EqualFold)
	return Flags(strings.Join(out, " "))
}

// List returns the flags one by one.
func (f Flags) List() []string {
	if f == "" {
		return nil
	}
	return strings.Split(string(f), " ")
}

// Has tells whether flag is in the set, without regard to case.
func (f Flags) Has(flag string) bool {
	for s := range strings.SplitSeq(string(f), " ") {
		if s != "" && strings.EqualFold(s, flag) {
			return true
		}
	}
	return false
}

// Add returns the union of both sets.
func (f Flags) Add(g Flags) Flags { return NewFlags(append(f.List(), g.List()...)...) }

// Remove returns f without the flags of g.
func (f Flags) Remove(g Flags) Flags {
	out := f.List()[:0:0]
	for _, s := range f.List() {
		if !g.Has(s) {
			out = append(out, s)
		}
	}
	return NewFlags(out...)
}

// Merge merges three ways: what theirs changed since base is applied to ours, ours winning where both changed.
func Merge(base, ours, theirs Flags) Flags {
	added := theirs.Remove(base).Remove(base.Remove(ours)) // added there, unless removed here
	removed := base.Remove(theirs)
	return ours.Add(added).Remove(removed.Remove(ours.Remove(base)))
}
