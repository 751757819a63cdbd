package imap

import (
	"math"
	"slices"
	"sort"
	"strconv"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/internal/imapwire"
)

// maxSetText keeps a command's UID set well inside every server's line limit.
const maxSetText = 4000

// star is the number that stands for * in a set.
const star = 0

// parseSet reads a set such as 1:5,7. Nil if it is none.
func parseSet(text []byte) goimap.UIDSet {
	var set goimap.UIDSet
	if !ranges(text, func(from, to uint32) {
		set = append(set, goimap.UIDRange{Start: goimap.UID(from), Stop: goimap.UID(to)})
	}) {
		return nil
	}
	return set
}

// ranges hands over the ranges of a set as it reads them. It returns false where it comes upon something else.
func ranges(text []byte, each func(from, to uint32)) bool {
	sc := imapwire.NewScanner(text)
	for {
		from, ok := sc.Uint32()
		if !ok || from == 0 {
			return false
		}
		to := from
		if sc.Byte(':') {
			if to, ok = sc.Uint32(); !ok || to == 0 {
				return false
			}
		}
		each(min(from, to), max(from, to))
		if sc.End() {
			return true
		}
		if !sc.Byte(',') {
			return false
		}
	}
}

// setSize counts a set without *; false if it holds one or more than 2^32-1.
func setSize(set goimap.UIDSet) (uint32, bool) {
	var n uint64
	for _, r := range set {
		if r.Start == star || r.Stop == star || r.Stop < r.Start {
			return 0, false
		}
		n += uint64(r.Stop-r.Start) + 1
	}
	return uint32(n), n <= math.MaxUint32
}

// expand lists a set in its own order; nil if it holds more than limit numbers.
func expand(set goimap.UIDSet, limit uint32) []uint32 {
	n, ok := setSize(set)
	if !ok || n > limit {
		return nil
	}
	out := make([]uint32, 0, n)
	for _, r := range set {
		for u := uint64(r.Start); u <= uint64(r.Stop); u++ {
			out = append(out, uint32(u))
		}
	}
	return out
}

// chunks spells a set for commands, cut into pieces of at most maxSetText bytes.
func chunks(set goimap.UIDSet) []string {
	var out []string
	var b []byte
	for _, r := range set {
		if len(b) > maxSetText {
			out = append(out, string(b))
			b = b[:0]
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = appendUID(b, r.Start)
		if r.Stop != r.Start {
			b = appendUID(append(b, ':'), r.Stop)
		}
	}
	if len(b) > 0 {
		out = append(out, string(b))
	}
	return out
}

func appendUID(b []byte, u goimap.UID) []byte {
	if u == star {
		return append(b, '*')
	}
	return strconv.AppendUint(b, uint64(u), 10)
}

// without returns set less the given ascending UIDs.
func without(set goimap.UIDSet, uids []uint32) goimap.UIDSet {
	var out goimap.UIDSet
	for _, r := range set {
		from, to := bounds(r)
		i, _ := slices.BinarySearch(uids, u32(from))
		for ; i < len(uids) && uint64(uids[i]) <= to; i++ {
			if u := uint64(uids[i]); u > from {
				out = append(out, goimap.UIDRange{Start: goimap.UID(u32(from)), Stop: goimap.UID(u32(u - 1))})
			}
			from = uint64(uids[i]) + 1
		}
		if from <= to {
			out = append(out, goimap.UIDRange{Start: goimap.UID(u32(from)), Stop: goimap.UID(u32(to))})
		}
	}
	return out
}

func u32(n uint64) uint32 { return uint32(min(n, math.MaxUint32)) }

// contains tells whether uid is in the set, * being the largest there is.
func contains(set goimap.UIDSet, uid uint32) bool {
	// Sets are nearly always ascending; then one look is enough.
	i := sort.Search(len(set), func(i int) bool { return set[i].Stop == star || uint32(set[i].Stop) >= uid })
	if i < len(set) && set[i].Start != star && uint32(set[i].Start) <= uid {
		return true
	}
	return slices.ContainsFunc(set, func(r goimap.UIDRange) bool {
		lo, hi := bounds(r)
		return lo <= uint64(uid) && uint64(uid) <= hi
	})
}

// bounds returns the ends of a range in order, * being the largest number.
func bounds(r goimap.UIDRange) (lo, hi uint64) {
	lo, hi = uint64(r.Start), uint64(r.Stop)
	if lo == star {
		lo = math.MaxUint32
	}
	if hi == star {
		hi = math.MaxUint32
	}
	return min(lo, hi), max(lo, hi)
}
