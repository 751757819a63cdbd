package mapping

import (
	"cmp"
	"slices"
)

// MessageID is a short digest of a normalised Message-ID header; 0 when the message has none. It proposes
// pairs, it never proves one.
type MessageID uint64

// Key is what a cheap listing tells about a message. Equal keys propose that two messages are the same one;
// only a hash of their bytes confirms it.
type Key struct {
	Size int64     // RFC822.SIZE in bytes
	ID   MessageID // 0 without a Message-ID
	Date int64     // INTERNALDATE in Unix seconds, so that the zone does not matter
}

// Keyed is one listed message of a folder.
type Keyed struct {
	UID uint32
	Key Key
}

// Match proposes that two messages, one on each side, are the same.
type Match struct {
	Below, Above uint32 // UIDs on the source and on the destination
}

// Pair proposes pairs between the messages below (source) and above (destination) whose keys are equal. The
// messages with one key are a multiset: the first below by UID is paired with the first above by UID, and so
// on, so twins match twins in order; what is left over on either side stays unpaired. No UID is used twice
// unless it was given twice. The inputs may be in any order and are not changed; the result ascends by Below.
func Pair(below, above []Keyed) []Match {
	lower, upper := byUID(below), byUID(above)
	waiting := make(map[Key][]uint32, len(upper))
	for _, m := range upper {
		waiting[m.Key] = append(waiting[m.Key], m.UID)
	}
	var out []Match
	for _, m := range lower {
		twins := waiting[m.Key]
		if len(twins) == 0 {
			continue
		}
		out = append(out, Match{Below: m.UID, Above: twins[0]})
		waiting[m.Key] = twins[1:]
	}
	return out
}

// byUID returns the messages in ascending UID order, the same slice when they already are.
func byUID(in []Keyed) []Keyed {
	order := func(a, b Keyed) int { return cmp.Compare(a.UID, b.UID) }
	if slices.IsSortedFunc(in, order) {
		return in
	}
	out := slices.Clone(in)
	slices.SortStableFunc(out, order)
	return out
}
