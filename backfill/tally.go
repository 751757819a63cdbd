package backfill

import (
	"crossfade/store"
)

// tally counts a folder's links, kept up to date with every edit and stored with it (store.Tally), so that nobody
// has to load a folder to know how far it is.
type tally struct {
	states   [store.Above + 1]int
	bytes    [store.Above + 1]int64
	unsized  [store.Above + 1]int // their size is not known yet
	own      [store.Above + 1]int // what the folder's own source folders have now: what completion is about
	refused  [classes]int         // quarantined, by class
	signed   [classes]int         // those of them that the admin signed off
	ownDone  int                  // signed off, and among own
	flying   int                  // APPEND sent, end unknown
	removing int                  // copies to be removed from the destination
	onDest   int                  // links with a destination UID
	leaving  int                  // copies that a command was to remove, its end unknown
	lost     int                  // what the source does not list any more although we have it; see carry.go
}

// Counts is how much of a folder, an account or all of them is in which state.
type Counts struct {
	Messages     int   `json:"messages"`      // shown to clients
	Listed       int   `json:"listed"`        // still to be copied
	Copying      int   `json:"copying"`       // being copied now
	Copied       int   `json:"copied"`        // on both sides
	Quarantined  int   `json:"quarantined"`   // refused
	SignedOff    int   `json:"signed_off"`    // those of them that the admin accepted
	Whiteouts    int   `json:"whiteouts"`     // deleted by users
	Above        int   `json:"above"`         // on the destination only
	CopiedBytes  int64 `json:"copied_bytes"`  //
	LeftBytes    int64 `json:"left_bytes"`    // still to be copied, as far as sizes are known
	UnknownSizes int   `json:"unknown_sizes"` // still to be copied, size not known yet
}

// count adds one link n times. own tells of the link's source folder whether it is one of the folder's own; as is
// what the link's quarantine record says.
func (t *tally) count(l *store.Link, n int, own func(box uint16) bool, as refusedAs) {
	if int(l.State) >= len(t.states) {
		return
	}
	t.states[l.State] += n
	if l.HasDetails {
		t.bytes[l.State] += int64(n) * l.Size
	} else {
		t.unsized[l.State] += n
	}
	mine := l.Src != 0 && !l.Lost && own(l.Box)
	if mine {
		t.own[l.State] += n
	}
	if l.State == store.Quarantined {
		t.refused[as.class] += n
		if as.signed {
			t.signed[as.class] += n
			if mine {
				t.ownDone += n
			}
		}
	}
	t.countWork(l, n)
}

// countWork counts what the engine has to come back to.
func (t *tally) countWork(l *store.Link, n int) {
	if inFlight(l) {
		t.flying += n
	}
	if l.State == store.Whiteout && l.Dst != 0 && !l.Paired {
		t.removing += n
	}
	if l.Dst != 0 {
		t.onDest += n
	}
	if l.Leaving {
		t.leaving += n
	}
	if isLost(l) {
		t.lost += n
	}
}

// plus is the tally as it will be after an edit; e.f's links are still those before it.
func (t tally) plus(e *edit) tally {
	f := e.f
	was, is := ownBox(f.rec), ownBox(e.rec)
	if e.recSet && !sameOwn(f.rec, e.rec) {
		t, was = tallyOf(f.links, e.rec, f.refused), is
	}
	for uid, l := range e.set {
		if i, ok := find(f.links, uid); ok {
			t.count(&f.links[i], -1, was, f.refused[uid])
			t.count(&l, 1, is, e.refusedAs(uid))
		}
	}
	for uid := range e.drop {
		if i, ok := find(f.links, uid); ok {
			t.count(&f.links[i], -1, was, f.refused[uid])
		}
	}
	for i := range e.add {
		t.count(&e.add[i], 1, is, e.refusedAs(e.add[i].UID))
	}
	return t
}

// ownBox tells which of a folder's source folders are its own: all but those from which single messages are linked.
func ownBox(rec store.Folder) func(uint16) bool {
	return func(b uint16) bool { return int(b) < len(rec.Sources) && !rec.Sources[b].Borrowed }
}

// sameOwn tells whether the source folders that two versions of a record share are their own in both.
func sameOwn(a, b store.Folder) bool {
	for i := range min(len(a.Sources), len(b.Sources)) {
		if a.Sources[i].Borrowed != b.Sources[i].Borrowed {
			return false
		}
	}
	return true
}

func tallyOf(links []store.Link, rec store.Folder, refused map[uint32]refusedAs) (t tally) {
	own := ownBox(rec)
	for i := range links {
		t.count(&links[i], 1, own, refused[links[i].UID])
	}
	return t
}

// counted returns the present tally.
func (f *folder) counted() tally {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.tally
}

// add adds another folder's tally.
func (t *tally) add(o *tally) {
	for s := range t.states {
		t.states[s] += o.states[s]
		t.bytes[s] += o.bytes[s]
		t.unsized[s] += o.unsized[s]
		t.own[s] += o.own[s]
	}
	for c := range t.refused {
		t.refused[c] += o.refused[c]
		t.signed[c] += o.signed[c]
	}
	t.ownDone += o.ownDone
	t.flying += o.flying
	t.removing += o.removing
	t.onDest += o.onDest
	t.leaving += o.leaving
	t.lost += o.lost
}

// left is how many messages are still to be copied.
func (t *tally) left() int { return t.states[store.Listed] + t.states[store.Copying] }

// counts renders the tally for people.
func (t tally) counts() Counts {
	s := t.states
	c := Counts{
		Messages: s[store.Listed] + s[store.Copying] + s[store.Copied] + s[store.Quarantined] + s[store.Above],
		Listed:   s[store.Listed], Copying: s[store.Copying], Copied: s[store.Copied], Quarantined: s[store.Quarantined],
		Whiteouts: s[store.Whiteout], Above: s[store.Above], CopiedBytes: t.bytes[store.Copied],
		LeftBytes:    t.bytes[store.Listed] + t.bytes[store.Copying],
		UnknownSizes: t.unsized[store.Listed] + t.unsized[store.Copying],
	}
	for _, n := range t.signed {
		c.SignedOff += n
	}
	return c
}

// stored is the tally as it is kept, without empty ends.
func (t *tally) stored() store.Tally {
	return store.Tally{
		Links: trim(t.states[:]), Bytes: trim(t.bytes[:]), Unsized: trim(t.unsized[:]), Own: trim(t.own[:]),
		Refused: trim(t.refused[:]), Signed: trim(t.signed[:]), OwnDone: t.ownDone,
		Flying: t.flying, Removing: t.removing, OnDest: t.onDest, Leaving: t.leaving, Lost: t.lost,
	}
}

// trim cuts zeros off the end.
func trim[T int | int64](in []T) []T {
	for len(in) > 0 && in[len(in)-1] == 0 {
		in = in[:len(in)-1]
	}
	return in
}

// tallyFrom reads a tally that was stored.
func tallyFrom(s store.Tally) (t tally) {
	copy(t.states[:], s.Links)
	copy(t.bytes[:], s.Bytes)
	copy(t.unsized[:], s.Unsized)
	copy(t.own[:], s.Own)
	copy(t.refused[:], s.Refused)
	copy(t.signed[:], s.Signed)
	t.ownDone, t.flying, t.removing, t.onDest, t.leaving, t.lost = s.OwnDone, s.Flying, s.Removing, s.OnDest, s.Leaving, s.Lost
	return t
}
