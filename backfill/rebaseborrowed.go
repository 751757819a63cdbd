package backfill

import (
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// rebaseBorrowed follows a source folder that is numbered anew in the folders to which clients copied or moved
// single messages of it before they were copied up. It comes before the source folder's own links change: after a kill
// in between the own links are matched again, and what is borrowed has its new numbers already.
func (f *folder) rebaseBorrowed(b uint16, own []store.Link, entries []Entry, uidValidity uint32) error {
	box := f.record().Sources[b]
	var next map[uint32]uint32
	for _, g := range f.acct.all() {
		for i, s := range g.record().Sources {
			if !s.Borrowed || s.Name != box.Name || s.UIDValidity != box.UIDValidity {
				continue
			}
			if next == nil {
				next = renumbered(slices.DeleteFunc(slices.Clone(own), func(l store.Link) bool { return l.Box != b }), entries)
			}
			if err := g.rebaseFrom(uint16(i), next, entries, uidValidity); err != nil {
				return err
			}
		}
	}
	return nil
}

// renumbered maps the old source UIDs of links to the new ones of a listing.
func renumbered(links []store.Link, entries []Entry) map[uint32]uint32 {
	was := make(map[uint32]uint32, len(links)) // source UID by shown UID
	for _, l := range links {
		was[l.UID] = l.Src
	}
	out := make(map[uint32]uint32, len(links))
	for _, p := range mapping.Pair(keysOfLinks(links), keysOfEntries(entries)) {
		out[was[p.Below]] = p.Above
	}
	return out
}

// rebaseFrom gives the links to borrowed messages their new numbers: those that the source folder's own links got,
// else those of equal keys. A message that is not there any more is lost like any other.
func (f *folder) rebaseFrom(b uint16, next map[uint32]uint32, entries []Entry, uidValidity uint32) error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	old := f.where(func(l *store.Link) bool { return l.Box == b && l.Src != 0 && !l.Lost })
	if len(old) == 0 {
		return nil
	}
	byKey := renumbered(old, entries)
	return f.edit(func(e *edit) error {
		to := e.borrow(store.SourceBox{Name: e.rec.Sources[b].Name, Path: e.rec.Sources[b].Path, UIDValidity: uidValidity})
		for _, o := range old {
			l, ok := e.link(o.UID)
			if !ok || l.Box != b {
				continue
			}
			src := next[l.Src]
			if src == 0 {
				src = byKey[l.Src]
			}
			if src == 0 {
				e.loseSource(l)
				continue
			}
			l.Box, l.Src = to, src
			e.put(l)
		}
		return nil
	})
}
