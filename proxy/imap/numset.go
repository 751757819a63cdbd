package imap

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"crossfade/internal/imapwire"
)

// numRange is a range of sequence numbers or UIDs with both ends in it.
type numRange struct{ lo, hi uint32 }

// numSet is a sequence-set (RFC 3501 9). As parsed it is as the client wrote it, with star for *; at makes it
// ascending and disjoint.
type numSet []numRange

// star stands for * until the set is resolved. It is no number of a set: those are above zero (RFC 3501 9, nz-number).
const star = 0

// parseSet passes a sequence-set. saved tells that $, the saved result, is in it (RFC 5182 3).
func parseSet(s *imapwire.Scanner) (set numSet, saved, ok bool) {
	for {
		if s.Byte('$') {
			saved = true
		} else if r, ok := parseRange(s); ok {
			set = append(set, r)
		} else {
			return nil, false, false
		}
		if !s.Byte(',') {
			break
		}
	}
	if c := s.Peek(); c != ' ' && c != 0 && c != ')' {
		return nil, false, false
	}
	return set, saved, true
}

func parseRange(s *imapwire.Scanner) (r numRange, ok bool) {
	if r.lo, ok = parseSetNumber(s); !ok {
		return r, false
	}
	r.hi = r.lo
	if s.Byte(':') {
		r.hi, ok = parseSetNumber(s)
	}
	return r, ok
}

func parseSetNumber(s *imapwire.Scanner) (uint32, bool) {
	if s.Byte('*') {
		return star, true
	}
	n, ok := s.Uint32()
	return n, ok && n > 0
}

// at resolves the set: * becomes last, ranges are put in order, merged, and made disjoint. With last 0 (no
// messages) ranges up to * are empty.
func (set numSet) at(last uint32) numSet {
	out := make(numSet, 0, len(set))
	for _, r := range set {
		if r.lo == star {
			r.lo = last
		}
		if r.hi == star {
			r.hi = last
		}
		if r.lo > r.hi {
			r.lo, r.hi = r.hi, r.lo
		}
		if r.lo > 0 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b numRange) int { return cmp.Compare(a.lo, b.lo) })
	n := 0
	for _, r := range out {
		if n > 0 && uint64(r.lo) <= uint64(out[n-1].hi)+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out[n] = r
		n++
	}
	return out[:n]
}

// has tells whether a resolved set holds n.
func (set numSet) has(n uint32) bool {
	i, found := slices.BinarySearchFunc(set, n, func(r numRange, n uint32) int { return cmp.Compare(r.lo, n) })
	return found || i > 0 && n <= set[i-1].hi
}

// pick returns the UIDs that a resolved set of sequence numbers names. uids is not written to, and may be what
// is returned in part.
func (set numSet) pick(uids []uint32) []uint32 {
	var out []uint32
	for i, r := range set {
		if uint64(r.lo) > uint64(len(uids)) {
			break
		}
		part := uids[r.lo-1 : min(uint64(r.hi), uint64(len(uids)))]
		if i == 0 && len(set) == 1 {
			return part[:len(part):len(part)]
		}
		out = append(out, part...)
	}
	return out
}

// among returns those of the ascending uids that a resolved set of UIDs holds, in the manner of pick.
func (set numSet) among(uids []uint32) []uint32 {
	byNumber := make(numSet, 0, len(set))
	for _, r := range set {
		from, _ := slices.BinarySearch(uids, r.lo)
		to, found := slices.BinarySearch(uids, r.hi)
		if found {
			to++
		}
		if from < to {
			byNumber = append(byNumber, numRange{uint32(from) + 1, uint32(to)})
		}
	}
	return byNumber.pick(uids)
}

// appendNumbers writes numbers as a set in their own order: runs that ascend by one become ranges.
func appendNumbers(b []byte, nums []uint32) []byte {
	for i := 0; i < len(nums); {
		j := i
		for j+1 < len(nums) && nums[j] < math.MaxUint32 && nums[j+1] == nums[j]+1 {
			j++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(nums[i]), 10)
		if j > i {
			b = strconv.AppendUint(append(b, ':'), uint64(nums[j]), 10)
		}
		i = j + 1
	}
	return b
}

// messages reads the set of messages a command is about and returns their UIDs, ascending. Numbers beyond the
// last message are left out as long as some of the set is there (some clients ask for 1:2,* whatever there is).
func (c *conn) messages(cmd *command) ([]uint32, error) {
	if err := cmd.space(); err != nil {
		return nil, err
	}
	set, saved, ok := parseSet(cmd.args)
	if !ok {
		return nil, badError(cmd.label() + " needs a set of messages")
	}
	uids := c.view.UIDs()
	var got []uint32
	if cmd.uid {
		got = set.at(c.lastUID()).among(uids)
	} else {
		got = set.at(c.view.Len()).pick(uids)
	}
	if saved { // UIDs, whatever the command counts in
		if len(set) == 0 {
			return c.saved.among(uids), nil
		}
		got = append(slices.Clone(got), c.saved.among(uids)...)
		slices.Sort(got)
		return slices.Compact(got), nil
	}
	if len(got) == 0 && len(uids) > 0 && !cmd.uid {
		return nil, badError("There are no messages with these numbers")
	}
	return got, nil
}

// lastUID is the UID that * stands for; 0 if there are no messages.
func (c *conn) lastUID() uint32 {
	uid, _ := c.view.UID(c.view.Len())
	return uid
}
