package backfill

import (
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// edit is one durable change of a folder, prepared against the present state. Commit first, then tell: what an
// edit changes is seen by nobody before it is fsynced (rule 5).
type edit struct {
	f       *folder
	rec     store.Folder
	recSet  bool
	set     map[uint32]store.Link // changed links by shown UID
	drop    map[uint32]struct{}   // links that are forgotten
	add     []store.Link          // new links, in any order
	moves   []move                // of drop and add: links that get another number; see native.go
	newSets []mapping.Flags       // flag sets that are not stored yet
	newIDs  map[mapping.Flags]store.FlagSet
	refused map[uint32]refusedAs    // what new quarantine records count as
	after   *tally                  // what the links count up to afterwards, once it is written
	also    []func(*store.Tx) error // further records of the same transaction
}

// edit changes one folder.
func (f *folder) edit(change func(*edit) error) error {
	return f.acct.e.commit([]*folder{f}, func(es []*edit) error { return change(es[0]) })
}

// commit changes several folders in one transaction. Folders are locked in the order of their ids, so two
// commits never wait for each other in a ring.
func (e *Engine) commit(fs []*folder, change func([]*edit) error) error {
	order := slices.Clone(fs)
	slices.SortFunc(order, func(a, b *folder) int { return int(a.id) - int(b.id) })
	order = slices.Compact(order)
	edits := make(map[*folder]*edit, len(order))
	for _, f := range order {
		f.editing.Lock()
		defer f.editing.Unlock()
		if f.dropped {
			return ErrNoFolder
		}
		if f.passage.over() {
			return ErrSwitched
		}
		edits[f] = &edit{f: f, rec: f.rec}
	}
	args := make([]*edit, len(fs))
	for i, f := range fs {
		args[i] = edits[f]
	}
	if err := change(args); err != nil {
		return err
	}
	for _, f := range order {
		if err := edits[f].number(); err != nil {
			return err
		}
	}
	for _, f := range order {
		if err := edits[f].commitBulk(e.store); err != nil {
			return err
		}
	}
	empty := true
	for _, f := range order {
		empty = empty && edits[f].empty()
	}
	if empty {
		return nil
	}
	err := e.store.Update(func(tx *store.Tx) error {
		for _, f := range order {
			if err := edits[f].write(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range order {
		edits[f].apply()
	}
	return nil
}

func (e *edit) empty() bool {
	return !e.recSet && len(e.set) == 0 && len(e.drop) == 0 && len(e.add) == 0 && len(e.newSets) == 0 && len(e.also) == 0
}

// link returns the link as this edit has it.
func (e *edit) link(uid uint32) (store.Link, bool) {
	if l, ok := e.set[uid]; ok {
		return l, true
	}
	if _, gone := e.drop[uid]; gone {
		return store.Link{}, false
	}
	if i, ok := find(e.f.links, uid); ok {
		return e.f.links[i], true
	}
	return store.Link{}, false
}

// put changes a link that exists.
func (e *edit) put(l store.Link) {
	if e.set == nil {
		e.set = make(map[uint32]store.Link)
	}
	e.set[l.UID] = l
}

// settle is put for a whiteout of which nothing is in flight any more: one that neither side can show again goes.
func (e *edit) settle(l store.Link) {
	if l.State == store.Whiteout && l.Src == 0 && l.Dst == 0 {
		e.forget(l.UID)
		return
	}
	e.put(l)
}

// forget removes a link.
func (e *edit) forget(uid uint32) {
	if e.drop == nil {
		e.drop = make(map[uint32]struct{})
	}
	delete(e.set, uid)
	e.drop[uid] = struct{}{}
}

// insert adds a new link under the next number of the folder and returns the number.
func (e *edit) insert(l store.Link) uint32 {
	if l.UID == 0 {
		l.UID = e.nextUID()
	}
	e.add = append(e.add, l)
	return l.UID
}

// nextUID hands out the next shown UID above the gap, or a provisional one before the identity is fixed.
func (e *edit) nextUID() uint32 {
	if e.rec.Identity.NextUID == 0 {
		e.rec.Identity.NextUID = provisional
	}
	if n := len(e.f.links); e.rec.Identity.Native && n > 0 { // there may be strays
		e.rec.Identity.NextUID = max(e.rec.Identity.NextUID, e.f.links[n-1].UID+1, provisional)
	}
	u := e.rec.Identity.NextUID
	e.rec.Identity.NextUID++
	e.recSet = true
	return u
}

// renumber gives a link another number; it is the same message (fixing the identity).
func (e *edit) renumber(from, to uint32) {
	l, ok := e.link(from)
	if !ok {
		return
	}
	e.forget(from)
	if l.UID = to; l.State == store.Quarantined {
		e.renumberRefused(from, to)
	}
	e.add = append(e.add, l)
}

// record gives the record for changing. Slices in it must be replaced, not written to.
func (e *edit) record() *store.Folder {
	e.recSet = true
	return &e.rec
}

// flags interns a set.
func (e *edit) flags(f mapping.Flags) store.FlagSet {
	if id, ok := e.f.sets.ids[f]; ok {
		return id
	}
	if id, ok := e.newIDs[f]; ok {
		return id
	}
	id := store.FlagSet(len(e.f.sets.list) + len(e.newSets))
	if e.newIDs == nil {
		e.newIDs = make(map[mapping.Flags]store.FlagSet)
	}
	e.newIDs[f] = id
	e.newSets = append(e.newSets, f)
	return id
}

// flagsOf resolves a set id, new ones included.
func (e *edit) flagsOf(id store.FlagSet) mapping.Flags {
	if n := len(e.f.sets.list); int(id) >= n && int(id)-n < len(e.newSets) {
		return e.newSets[int(id)-n]
	}
	return e.f.sets.get(id)
}
