package export

import (
	"slices"
	"time"

	"crossfade/store"
)

const (
	// arrivalEvery is how far apart a folder's notes of arrivals are: a day is as precise as an export needs to be.
	arrivalEvery = 24 * time.Hour
	// arrivalsKept bounds them; beyond it every second one of the older half goes.
	arrivalsKept = 64
)

// NoteArrival notes that everything below next had come by now. INTERNALDATE does not tell: what a user drags in keeps its
// old date.
func NoteArrival(notes []store.Arrival, next uint32, now time.Time) []store.Arrival {
	n := len(notes)
	switch {
	case n > 0 && notes[n-1].UIDNext >= next:
		return notes
	case n > 0 && now.Sub(time.Unix(notes[n-1].Time, 0)) < arrivalEvery:
		return notes
	}
	out := slices.Clone(notes)
	if n >= arrivalsKept {
		out = out[:0]
		for i, a := range notes {
			if i%2 == 0 || i >= n/2 {
				out = append(out, a)
			}
		}
	}
	return append(out, store.Arrival{Time: now.Unix(), UIDNext: next})
}

// sinceRule tells what came to a folder after a time. In doubt a message has come: too much is a nuisance in a way back,
// too little is a loss.
type sinceRule struct {
	since time.Time
	next  uint32 // what has this UID or a higher one came after it; 0: not known
	late  bool   // a message with a lower UID is dated after it
}

// newSince looks up a time in a folder's notes. What was there at the first note is judged by its date alone.
func newSince(notes []store.Arrival, since time.Time) *sinceRule {
	r := &sinceRule{since: since}
	for i, a := range notes {
		if i == 0 || a.Time <= since.Unix() {
			r.next = a.UIDNext
		}
	}
	return r
}

// came tells whether a message came since. Messages must be asked for in ascending order of their UIDs.
func (r *sinceRule) came(uid uint32, date time.Time) bool {
	r.late = r.late || !date.Before(r.since)
	return r.since.IsZero() || r.late || r.next != 0 && uid >= r.next
}
