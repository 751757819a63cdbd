package backfill

import (
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// countBox counts the messages that the source folder should have by the links.
func (f *folder) countBox(b uint16) int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := 0
	for i := range f.links {
		if onSource(&f.links[i], b) {
			n++
		}
	}
	return n
}

// bySource maps source UIDs of one source folder to shown UIDs. The caller must not change links meanwhile.
func bySource(links []store.Link, b uint16) map[uint32]uint32 {
	out := make(map[uint32]uint32)
	for i := range links {
		if links[i].Src != 0 && links[i].Box == b {
			out[links[i].Src] = links[i].UID
		}
	}
	return out
}

// mergeLower takes a listing of a source folder into the links: new messages become links, changed flags are
// merged three ways, the proxy's user winning. The copies' flags were carried before; where others than these have
// changed, it changes nothing and is errLate.
func (f *folder) mergeLower(b uint16, st BoxState, entries []Entry, what Scan, carried map[uint32]carriedFlags) error {
	return f.edit(func(e *edit) error {
		known := bySource(f.links, b)
		if len(known) == 0 {
			e.add = make([]store.Link, 0, len(entries))
		}
		for _, en := range entries {
			uid, ok := known[en.UID]
			if !ok {
				e.insertLower(b, en, what.Details)
				continue
			}
			l, ok := e.link(uid)
			switch {
			case !ok:
			case recalled(&l): // its removal was believed too early
				e.revive(l, en)
			case awaitsRecall(&l):
			default:
				l = e.regain(l)
				if what.Flags && !e.mergeCarried(l, en, carried) {
					return errLate
				}
			}
		}
		last := uint32(0)
		if n := len(entries); n > 0 {
			last = entries[n-1].UID
		}
		e.lowerListed(b, st, last)
		return nil
	})
}

// lowerListed moves a source folder's cursor behind a listing that ended with the message last; 0 if there was
// none. Not to st.UIDNext: a message may have come behind the listing.
func (e *edit) lowerListed(b uint16, st BoxState, last uint32) {
	e.f.listings.Add(1)
	r := e.record()
	r.Sources = slices.Clone(r.Sources)
	box := &r.Sources[b]
	box.UIDValidity, box.Exists, box.ModSeq = st.UIDValidity, st.Exists, st.HighestModSeq
	if last > 0 || box.UIDNext == 0 {
		box.UIDNext = max(box.UIDNext, last+1)
	}
	r.PastUIDValidities = appendNew(r.PastUIDValidities, st.UIDValidity)
}

// insertLower adds a message that the source has. Until the identity is fixed its shown UID is its own.
func (e *edit) insertLower(b uint16, en Entry, details bool) {
	l := store.Link{Src: en.UID, Box: b, State: store.Listed, Size: -1}
	l.Flags = e.flags(en.Flags)
	l.Base = l.Flags
	if details {
		setDetails(&l, en)
	}
	id := e.rec.Identity
	if !id.Fixed && !id.Own && !id.Native && en.UID < sourceLimit && givesIdentity(e.rec, b) {
		l.UID = en.UID
	}
	e.insert(l)
}

func setDetails(l *store.Link, en Entry) {
	_, off := en.Date.Zone()
	l.Size, l.Date, l.Zone, l.MsgID, l.HasDetails = en.Size, en.Date.Unix(), int16(off/60), en.MsgID, true
}

// mergeFlags takes the source's flags into a link.
func (e *edit) mergeFlags(l store.Link, en Entry) {
	base := e.flagsOf(l.Base)
	if base == en.Flags || l.State == store.Whiteout {
		return
	}
	l.Flags = e.flags(mapping.Merge(base, e.flagsOf(l.Flags), en.Flags))
	l.Base = e.flags(en.Flags)
	e.put(l)
}
