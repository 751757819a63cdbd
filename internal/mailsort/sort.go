package mailsort

import (
	"cmp"
	"slices"
)

// Criterion is one of the things to sort by, the first being the weightiest.
type Criterion struct {
	Key     Key
	Reverse bool
}

// Table holds the keys of messages in the order of their sequence numbers.
type Table struct {
	Values  [Keys][]int64 // dates and sizes as they are, texts as ranks; nil where not needed
	Replies []bool        // for threads: the subject is that of a reply or of forwarded mail
	Links   *Links        // for REFERENCES
	UIDs    []uint32
}

// Sort returns the messages, as places in the table, in order; those that do not differ stay in the order of the table,
// whatever is reversed (RFC 5256 3).
func (t *Table) Sort(by []Criterion) []uint32 {
	out := make([]uint32, len(t.UIDs))
	for i := range out {
		out[i] = uint32(i)
	}
	slices.SortFunc(out, func(a, b uint32) int {
		for i := range by {
			v := t.Values[by[i].Key]
			if d := cmp.Compare(v[a], v[b]); d != 0 {
				if by[i].Reverse {
					return -d
				}
				return d
			}
		}
		return cmp.Compare(a, b)
	})
	return out
}
