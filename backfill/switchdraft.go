package backfill

import (
	"errors"
	"slices"

	"crossfade/store"
)

// draft is a folder that is to take another one's place.
type draft struct {
	f     *folder
	id    store.FolderID
	links []store.Link // as they are in the store
	sets  int          // flag sets in the store
}

// draft begins a draft and writes all of it while the folder goes on; switchOver writes what has changed since.
func (f *folder) draft() (*draft, error) {
	d := &draft{f: f, sets: 1}
	if err := d.discard(); err != nil { // an earlier one
		return nil, err
	}
	err := f.acct.e.store.Update(func(tx *store.Tx) (err error) {
		d.id, err = tx.NewFolderID()
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := f.edit(func(e *edit) error { e.record().Draft = d.id; return nil }); err != nil {
		return nil, err
	}
	f.mu.RLock()
	links, _ := nativeLinks(f.links)
	f.mu.RUnlock()
	if err := d.write(links); err != nil {
		return nil, errors.Join(err, d.discard())
	}
	return d, nil
}

// discard removes what was written of a draft.
func (d *draft) discard() error {
	if d.f.record().Draft == 0 {
		return nil
	}
	return d.f.edit(func(e *edit) error {
		acc, id := e.rec.Account, e.rec.Draft
		e.record().Draft = 0
		e.also = append(e.also, func(tx *store.Tx) error { return tx.DeleteFolder(acc, id) })
		return nil
	})
}

// nativeLinks are the links as they are numbered in a folder of the destination's numbers. moved maps old numbers to new
// ones.
func nativeLinks(links []store.Link) (out []store.Link, moved map[uint32]uint32) {
	out, moved = slices.Clone(links), make(map[uint32]uint32)
	next := uint32(provisional)
	for i := range out {
		l := &out[i]
		was := l.UID
		if l.UID = destNumber(l); l.UID == 0 {
			l.UID, next = next, next+1
			moved[was] = l.UID
		}
	}
	slices.SortFunc(out, byUID)
	return out, moved
}

// write brings the draft in the store to these links, and to the folder's flag sets.
func (d *draft) write(links []store.Link) error {
	acc, st := d.f.acct.id, d.f.acct.e.store
	d.f.mu.RLock()
	sets := d.f.sets.list
	d.f.mu.RUnlock()
	for d.sets < len(sets) {
		to := min(d.sets+maxSets, len(sets))
		err := st.Update(func(tx *store.Tx) error {
			for n := d.sets; n < to; n++ {
				if err := tx.PutFlagSet(acc, d.id, store.FlagSet(n), sets[n]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		d.sets = to
	}
	const atOnce = maxBytes / fullChunk
	for chunks := range slices.Chunk(changedChunks(d.links, links), atOnce) {
		if err := st.Update(func(tx *store.Tx) error { return tx.PutLinks(acc, d.id, links, chunks...) }); err != nil {
			return err
		}
	}
	d.links = links
	return nil
}

// changedChunks are the chunks in which two lists of links differ.
func changedChunks(old, now []store.Link) (out []uint32) {
	for len(old)+len(now) > 0 {
		c := ^uint32(0)
		for _, l := range [][]store.Link{old, now} {
			if len(l) > 0 {
				c = min(c, store.ChunkOf(l[0].UID))
			}
		}
		cut := func(l []store.Link) int {
			n := 0
			for n < len(l) && store.ChunkOf(l[n].UID) == c {
				n++
			}
			return n
		}
		i, j := cut(old), cut(now)
		if !slices.Equal(old[:i], now[:j]) {
			out = append(out, c)
		}
		old, now = old[i:], now[j:]
	}
	return out
}
