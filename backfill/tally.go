package backfill

import "crossfade/store"

// tally counts a folder's links, kept up to date with every edit.
type tally struct {
	states   [store.Above + 1]int
	flying   int // APPEND sent, end unknown
	removing int // copies to be removed from the destination
	onDest   int // links with a destination UID
	leaving  int // copies that a command was to remove, its end unknown
	lost     int // what the source does not list any more although we have it; see carry.go
	bytes    [store.Above + 1]int64
}

// Counts is how much of a folder, an account or all of them is in which state.
type Counts struct {
	Messages    int   `json:"messages"`    // shown to clients
	Listed      int   `json:"listed"`      // still to be copied
	Copying     int   `json:"copying"`     // being copied now
	Copied      int   `json:"copied"`      // on both sides
	Quarantined int   `json:"quarantined"` // refused
	Whiteouts   int   `json:"whiteouts"`   // deleted by users
	Above       int   `json:"above"`       // on the destination only
	CopiedBytes int64 `json:"copied_bytes"`
}

func (t *tally) count(l *store.Link, n int) {
	if int(l.State) < len(t.states) {
		t.states[l.State] += n
		if l.HasDetails {
			t.bytes[l.State] += int64(n) * l.Size
		}
	}
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

// plus is the tally as it will be after an edit.
func (t tally) plus(e *edit) tally {
	for uid, l := range e.set {
		if i, ok := find(e.f.links, uid); ok {
			t.count(&e.f.links[i], -1)
			t.count(&l, 1)
		}
	}
	for uid := range e.drop {
		if i, ok := find(e.f.links, uid); ok {
			t.count(&e.f.links[i], -1)
		}
	}
	for i := range e.add {
		t.count(&e.add[i], 1)
	}
	return t
}

func tallyOf(links []store.Link) (t tally) {
	for i := range links {
		t.count(&links[i], 1)
	}
	return t
}

// counted returns the present tally.
func (f *folder) counted() tally {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.tally
}

// counts renders the tally for people.
func (t tally) counts() Counts {
	s := t.states
	return Counts{
		Messages: s[store.Listed] + s[store.Copying] + s[store.Copied] + s[store.Quarantined] + s[store.Above],
		Listed:   s[store.Listed], Copying: s[store.Copying], Copied: s[store.Copied], Quarantined: s[store.Quarantined],
		Whiteouts: s[store.Whiteout], Above: s[store.Above], CopiedBytes: t.bytes[store.Copied],
	}
}

func (c *Counts) add(d Counts) {
	c.Messages += d.Messages
	c.Listed += d.Listed
	c.Copying += d.Copying
	c.Copied += d.Copied
	c.Quarantined += d.Quarantined
	c.Whiteouts += d.Whiteouts
	c.Above += d.Above
	c.CopiedBytes += d.CopiedBytes
}
