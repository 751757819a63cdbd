package backfill

import (
	"fmt"
	"time"

	"crossfade/backfill/export"
	"crossfade/mapping"
	"crossfade/store"
)

// mergeUpper takes a listing of the destination's folder into the links. At the first meeting, messages that
// look the same on both sides are paired provisionally and shown as the source's one. Where it tells other flags of a
// message than were shown since a version that is not the last, it changes nothing and is errLate.
func (f *folder) mergeUpper(st BoxState, entries []Entry, what Scan, since uint64) error {
	var paired map[uint32]uint32 // destination UID -> shown UID
	if what.Details {
		below := f.where(func(l *store.Link) bool { return l.State == store.Listed && l.Dst == 0 })
		paired = propose(keysOfLinks(below), keysOfEntries(entries))
	}
	return f.edit(func(e *edit) error {
		known := byDest(f.links)
		r := e.record()
		for _, en := range entries {
			if uid, ok := known[en.UID]; ok {
				if l, ok := e.link(uid); ok && what.Flags && !e.mergeUpperFlags(l, en.Flags, since) {
					return errLate
				}
				continue
			}
			if l, ok := e.link(paired[en.UID]); ok && l.State == store.Listed && l.Dst == 0 {
				if l.Dst, l.Paired = en.UID, true; r.Identity.Native { // shown as the destination has it
					l.Flags = e.flags(en.Flags)
				}
				e.put(l)
				continue
			}
			if en.UID < r.DestUIDNext || f.wasRemoved(en.UID) {
				continue // accounted for: a copy of ours that was removed meanwhile
			}
			e.insertUpper(en, what.Details)
		}
		last := uint32(0)
		if n := len(entries); n > 0 {
			last = entries[n-1].UID
		}
		e.upperListed(st, last)
		return nil
	})
}

// upperListed moves the destination's cursor behind a listing that ended with the message last; 0 if there was none. Not to
// st.UIDNext: a message may have come behind the listing.
func (e *edit) upperListed(st BoxState, last uint32) {
	r := e.record()
	r.DestModSeq = st.HighestModSeq
	r.DestUIDNext = max(r.DestUIDNext, last+1)
	r.Arrivals = export.NoteArrival(r.Arrivals, r.DestUIDNext, time.Now())
}

// propose pairs messages by size, Message-ID and date; then, where there is a Message-ID, without the date: a
// server that cannot hold a date (one in the future, say) must not make two messages of one. The hash decides.
func propose(below, above []mapping.Keyed) map[uint32]uint32 {
	paired := make(map[uint32]uint32) // above -> below
	taken := make(map[uint32]bool)
	for _, p := range mapping.Pair(below, above) {
		paired[p.Above], taken[p.Below] = p.Below, true
	}
	dateless := func(in []mapping.Keyed, free func(uint32) bool) (out []mapping.Keyed) {
		for _, k := range in {
			if k.Key.ID != 0 && free(k.UID) {
				k.Key.Date = 0
				out = append(out, k)
			}
		}
		return out
	}
	rest := dateless(below, func(u uint32) bool { return !taken[u] })
	for _, p := range mapping.Pair(rest, dateless(above, func(u uint32) bool { _, ok := paired[u]; return !ok })) {
		paired[p.Above] = p.Below
	}
	return paired
}

// insertUpper adds a message that only the destination has.
func (e *edit) insertUpper(en Entry, details bool) uint32 {
	l := store.Link{Dst: en.UID, State: store.Above, Size: -1}
	if e.rec.Identity.Native {
		l.UID = en.UID
	}
	l.Flags = e.flags(en.Flags)
	l.Sent = l.Flags
	if details {
		setDetails(&l, en)
	}
	return e.insert(l)
}

// insertAbove adds a message that we or the destination just put there; sent is what the destination keeps of
// its flags.
func (e *edit) insertAbove(en Entry, sent mapping.Flags) uint32 {
	l := store.Link{Dst: en.UID, State: store.Above, Size: -1, Flags: e.flags(en.Flags), Sent: e.flags(sent)}
	if e.rec.Identity.Native {
		l.UID = en.UID
	}
	return e.insert(l)
}

// mergeUpperFlags takes the destination's flags into a link; what it cannot hold stays with us. Sent is what
// the destination had when last seen. Flags that changed after the version since are newer than now: it is false.
func (e *edit) mergeUpperFlags(l store.Link, now mapping.Flags, since uint64) bool {
	sent := e.flagsOf(l.Sent)
	if sent == now || l.State != store.Copied && l.State != store.Above {
		return true
	}
	if i, ok := find(e.f.links, l.UID); ok && e.f.changed[i] > since {
		return false
	}
	l.Flags = e.flags(mapping.Merge(sent, e.flagsOf(l.Flags), now))
	l.Sent = e.flags(now)
	e.put(l)
	return true
}

// mergeVanished takes out what the destination's users deleted there. all is the complete listing.
func (f *folder) mergeVanished(all []Entry) error {
	gone := f.where(func(l *store.Link) bool { return l.Dst != 0 && !listed(all, l.Dst) })
	missed := 0 // those that no command of ours was to remove
	for i := range gone {
		if !gone[i].Leaving {
			missed++
		}
	}
	said := f.answer("destination")
	if total := f.countDest(); tooMany(missed, total) && said == noAnswer {
		f.setProblem("destination", fmt.Sprintf("%d of %d messages vanished from the destination at once: copying into the folder has stopped, nothing was deleted; 'crossfade accept' says whether they were deleted or are to be copied again", missed, total))
		return nil
	}
	f.setProblem("destination", "")
	return f.edit(func(e *edit) error {
		for _, g := range gone {
			l, ok := e.link(g.UID)
			switch {
			case !ok || l.Dst != g.Dst:
			case said == copyAgain:
				e.unmeet(l)
			default:
				e.loseDest(l)
			}
		}
		return nil
	})
}

// loseDest is what becomes of a link whose copy vanished from the destination: its user deleted it.
func (e *edit) loseDest(l store.Link) {
	l.Dst, l.Leaving = 0, false
	switch l.State {
	case store.Above:
		e.forget(l.UID)
		return
	case store.Copied:
		l.State, l.Touched = store.Whiteout, true
	case store.Whiteout:
		l.Paired = false
	default:
		l.Paired = false // a provisional pair that is gone proves nothing
	}
	e.settle(l)
}
