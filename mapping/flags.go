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

// spelling gives a system flag the RFC's spelling and leaves a keyword as it is.
func spelling(flag, lower string) string {
	switch lower {
	case `\seen`:
		return `\Seen`
	case `\answered`:
		return `\Answered`
	case `\flagged`:
		return `\Flagged`
	case `\deleted`:
		return `\Deleted`
	case `\draft`:
		return `\Draft`
	}
	return flag
}

// NewFlags makes the canonical set of the given flags. A flag with blanks in it, which no server may send, is
// taken for several.
func NewFlags(flags ...string) Flags {
	out := make([]string, 0, len(flags))
	for _, flag := range flags {
		for f := range strings.FieldsSeq(flag) {
			l := strings.ToLower(f)
			if l == `\recent` || l == `\*` {
				continue
			}
			out = append(out, spelling(f, l))
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	out = slices.CompactFunc(out, sameFlag)
	return Flags(strings.Join(out, " "))
}

// sameFlag compares without case, in the way the set is sorted.
func sameFlag(a, b string) bool { return a == b || strings.ToLower(a) == strings.ToLower(b) }

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
		if s != "" && sameFlag(s, flag) {
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

// Merge merges three ways, flag by flag: what theirs changed since base is applied to ours. Both cannot have
// changed one flag in different ways, because a flag is only there or not; a keyword keeps ours' spelling.
func Merge(base, ours, theirs Flags) Flags {
	return ours.Add(theirs.Remove(base)).Remove(base.Remove(theirs))
}
