package backfill

import (
	"slices"

	"crossfade/store"
)

// maxBytes, maxChunks and maxSets bound one transaction of the store.
const (
	maxBytes  = 320 << 10
	maxChunks = 1024
	maxSets   = 1024
)

// Encoded links take about these many bytes at most; a chunk that is rewritten is taken for a full one.
const (
	plainLink  = 4
	detailLink = 40
	fullChunk  = 256 * detailLink
)

// commitBulk stores the greater part of an edit of very many links ahead, in transactions of their own. What is
// added or changed goes before what is dropped, and the cursors in the record move with the last part: after a
// crash in between, the next listing completes the rest.
func (e *edit) commitBulk(st *store.Store) error {
	slices.SortFunc(e.add, byUID)
	for len(e.newSets) > maxSets {
		part := &edit{f: e.f, rec: e.f.rec, newSets: e.newSets[:maxSets]}
		if err := part.commitPart(st); err != nil {
			return err
		}
		e.newSets = e.newSets[maxSets:]
	}
	if chunks := e.chunks(); len(e.share(chunks)) == len(chunks) {
		return nil
	}
	if err := e.commitMoves(st); err != nil {
		return err
	}
	drop := e.drop
	e.drop = nil
	if err := e.commitParts(st, len(drop) > 0); err != nil {
		return err
	}
	e.drop = drop
	return e.commitParts(st, false)
}

// commitParts commits parts of the edit until the rest fits into one transaction, or until nothing is left.
func (e *edit) commitParts(st *store.Store, all bool) error {
	for chunks := e.chunks(); len(chunks) > 0; {
		share := e.share(chunks)
		if len(share) == len(chunks) && !all {
			return nil
		}
		if err := e.split(share).commitPart(st); err != nil {
			return err
		}
		e.newSets = nil
		chunks = chunks[len(share):]
	}
	return nil
}

// share is how many of the chunks, from the first on, fit into one transaction.
func (e *edit) share(chunks []uint32) []uint32 {
	bytes, at := 0, 0
	rewritten := make(map[uint32]bool)
	for u := range e.set {
		rewritten[store.ChunkOf(u)] = true
	}
	for u := range e.drop {
		rewritten[store.ChunkOf(u)] = true
	}
	for n, c := range chunks {
		if rewritten[c] {
			bytes += fullChunk
		}
		for ; at < len(e.add) && store.ChunkOf(e.add[at].UID) <= c; at++ {
			if bytes += plainLink; e.add[at].HasDetails {
				bytes += detailLink - plainLink
			}
		}
		if n > 0 && (bytes > maxBytes || n == maxChunks) {
			return chunks[:n]
		}
	}
	return chunks
}

func (e *edit) commitPart(st *store.Store) error {
	if err := st.Update(e.write); err != nil {
		return err
	}
	e.apply()
	return nil
}

// split takes some chunks' share out of the edit. Numbers that were handed out go with it, so that they are
// never handed out again; cursors do not.
func (e *edit) split(chunks []uint32) *edit {
	part := e.part()
	mine := make(map[uint32]bool, len(chunks))
	for _, c := range chunks {
		mine[c] = true
	}
	for u, l := range e.set {
		if mine[store.ChunkOf(u)] {
			part.set[u] = l
			delete(e.set, u)
		}
	}
	for u := range e.drop {
		if mine[store.ChunkOf(u)] {
			part.drop[u] = struct{}{}
			delete(e.drop, u)
		}
	}
	n, _ := find(e.add, (chunks[len(chunks)-1]+1)<<8) // parts go in ascending order
	part.add, e.add = e.add[:n:n], e.add[n:]
	return part
}

// part begins an edit that takes a part of this one ahead.
func (e *edit) part() *edit {
	part := &edit{f: e.f, rec: e.f.rec, newSets: e.newSets, newIDs: e.newIDs, refused: e.refused, set: map[uint32]store.Link{}, drop: map[uint32]struct{}{}}
	if next := e.rec.Identity.NextUID; next != part.rec.Identity.NextUID {
		part.rec.Identity.NextUID, part.recSet = next, true
	}
	return part
}

func byUID(a, b store.Link) int {
	switch {
	case a.UID < b.UID:
		return -1
	case a.UID > b.UID:
		return 1
	}
	return 0
}

// write puts the edit's records into a transaction.
func (e *edit) write(tx *store.Tx) error {
	acc, id := e.f.rec.Account, e.f.id
	for i, s := range e.newSets {
		if err := tx.PutFlagSet(acc, id, store.FlagSet(len(e.f.sets.list)+i), s); err != nil {
			return err
		}
	}
	slices.SortFunc(e.add, byUID)
	for _, c := range e.chunks() {
		if err := tx.PutChunk(acc, id, c, e.chunk(c)); err != nil {
			return err
		}
	}
	if e.recSet {
		if err := tx.PutFolder(e.rec); err != nil {
			return err
		}
	}
	if e.counts() {
		after := e.f.tally.plus(e)
		e.after = &after
		if err := tx.PutTally(acc, id, after.stored()); err != nil {
			return err
		}
	}
	for _, also := range e.also {
		if err := also(tx); err != nil {
			return err
		}
	}
	return nil
}

// counts tells whether the edit changes what the folder's links count up to, or is the first to keep it.
func (e *edit) counts() bool {
	return e.f.loaded && (!e.f.kept || len(e.set)+len(e.drop)+len(e.add) > 0)
}

// chunks lists the chunks that the edit touches, ascending.
func (e *edit) chunks() []uint32 {
	seen := make(map[uint32]struct{})
	for u := range e.set {
		seen[store.ChunkOf(u)] = struct{}{}
	}
	for u := range e.drop {
		seen[store.ChunkOf(u)] = struct{}{}
	}
	for i := range e.add {
		if c := store.ChunkOf(e.add[i].UID); i == 0 || c != store.ChunkOf(e.add[i-1].UID) { // they are many, and mostly in order
			seen[c] = struct{}{}
		}
	}
	out := make([]uint32, 0, len(seen))
	for c := range seen {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// chunk assembles one chunk as it will be.
func (e *edit) chunk(c uint32) []store.Link {
	var out []store.Link
	start, _ := find(e.f.links, c<<8)
	for i := start; i < len(e.f.links) && store.ChunkOf(e.f.links[i].UID) == c; i++ {
		if l, ok := e.link(e.f.links[i].UID); ok {
			out = append(out, l)
		}
	}
	i, _ := find(e.add, c<<8)
	for ; i < len(e.add) && store.ChunkOf(e.add[i].UID) == c; i++ {
		out = append(out, e.add[i])
	}
	slices.SortFunc(out, byUID)
	return out
}
