package proxy

import "slices"

// span is a run of UIDs, both ends included.
type span struct{ from, to uint32 }

// claim makes those messages \Recent in this view that it has just become the first to tell of: they are above old and not
// above high (RFC 3501 2.3.2).
func (v *View) claim(old uint32) {
	from := max(v.box.Recent(v.high), old+1)
	if from > v.high {
		return
	}
	if n := len(v.recent); n > 0 && v.recent[n-1].to+1 == from {
		v.recent[n-1].to = v.high
		return
	}
	v.recent = append(v.recent, span{from, v.high})
}

// IsRecent tells whether a message in the view is \Recent.
func (v *View) IsRecent(uid uint32) bool {
	for _, s := range slices.Backward(v.recent) {
		if uid >= s.from {
			return uid <= s.to
		}
	}
	return false
}

// Recent is the number of messages in the view that are \Recent.
func (v *View) Recent() (n uint32) {
	for _, s := range v.recent {
		from, _ := slices.BinarySearch(v.uids, s.from)
		to, found := slices.BinarySearch(v.uids, s.to)
		if found {
			to++
		}
		n += uint32(to - from)
	}
	return n
}
