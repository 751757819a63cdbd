package imap

import (
	"slices"
)

// maxSaved is how many runs of messages a saved result may have, which bounds its memory to half a megabyte.
const maxSaved = 64 << 10

// errNotSaved is the answer to a SEARCH whose result has too many gaps to be kept (RFC 5182 2.1).
var errNotSaved = &noError{"NOTSAVED", "The result is too large to be saved"}

// save keeps the result of a SEARCH for $ (RFC 5182). Neighbours in the view are one run, whatever their UIDs: nothing
// ever comes in between them, and what goes is in no view any more.
func (c *conn) save(hits []uint32) error {
	if !slices.IsSorted(hits) { // of a SORT
		hits = slices.Sorted(slices.Values(hits))
	}
	uids := c.view.UIDs()
	var set numSet
	at := -1 // the place of the last hit in the view
	for _, uid := range hits {
		i, found := slices.BinarySearch(uids[at+1:], uid)
		if !found {
			continue
		}
		if i += at + 1; i == at+1 && len(set) > 0 {
			set[len(set)-1].hi = uid
		} else if len(set) == maxSaved {
			return errNotSaved
		} else {
			set = append(set, numRange{uid, uid})
		}
		at = i
	}
	c.saved = set
	return nil
}

// savedPart is which of the hits SAVE keeps beside other result options (RFC 5182 2.4, and RFC 9394 3.1 of PARTIAL).
func (r returns) savedPart(hits []uint32) []uint32 {
	if len(hits) == 0 || r.count || r.all || !r.min && !r.max && r.partial.lo == 0 {
		return hits
	}
	out := slices.Clone(r.part(hits))
	if r.min {
		out = append(out, hits[0])
	}
	if r.max {
		out = append(out, hits[len(hits)-1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
