package backfill

import (
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
)

const (
	// ownFirst is the first UID of an identity of our own: no server's numbers reach it.
	ownFirst = 500_000_001
	// sourceLimit is the greatest UIDNEXT of a source folder that leaves room for the gap and for us.
	sourceLimit = 990_000_000
	// validityLimit: some clients keep UIDVALIDITY in a signed 32-bit number.
	validityLimit = 1 << 31
)

// identify chooses the identity under which the folder is shown. The source's own, whenever that is safe: a
// client that used the old server under the same host name keeps its cache. Nothing is told yet; fixing does
// that.
//
// high is the greatest UIDVALIDITY that was ever told under the name by a folder that has given it up: what is shown now
// is above it.
func (f *folder) identify(src BoxState, dst, high uint32, taken func(uint32) bool) store.Identity {
	rec := f.record()
	high = max(high, f.acct.high)
	if (rec.Identity.Native || len(ownSources(rec)) == 0) && dst > high {
		return store.Identity{UIDValidity: dst, Native: true, NextUID: rec.Identity.NextUID}
	}
	if high == 0 && len(ownSources(rec)) > 0 && src.UIDValidity != 0 && src.UIDValidity != dst && src.UIDNext != 0 && src.UIDNext < sourceLimit && !f.nameWasAnother(rec) {
		return store.Identity{UIDValidity: src.UIDValidity}
	}
	return store.Identity{UIDValidity: ownValidity(rec, max(src.UIDValidity, high), dst, taken), Own: true, NextUID: ownFirst}
}

// keepClear has new messages numbered above all links of a folder that is shown anew.
func (e *edit) keepClear() {
	id := &e.record().Identity
	if n, _ := find(e.f.links, provisional); n > 0 && id.Own {
		id.NextUID = max(id.NextUID, e.f.links[n-1].UID+1)
	}
}

// ownSources are the indexes of the source folders that are shown here, the identity's giver first.
func ownSources(rec store.Folder) []uint16 {
	var out []uint16
	for i, s := range rec.Sources {
		if !s.Borrowed && !s.Gone {
			out = append(out, uint16(i))
		}
	}
	return out
}

// givesIdentity tells whether a source folder is the first of those.
func givesIdentity(rec store.Folder, b uint16) bool {
	for i := range rec.Sources {
		if !rec.Sources[i].Borrowed && !rec.Sources[i].Gone {
			return i == int(b)
		}
	}
	return false
}

// nameWasAnother tells whether the shown name belonged to another folder on the source: its cache in the
// clients must not be lent to other mail.
func (f *folder) nameWasAnother(rec store.Folder) bool {
	a := f.acct
	a.mu.Lock()
	defer a.mu.Unlock()
	first := ""
	if own := ownSources(rec); len(own) > 0 {
		first = rec.Sources[own[0]].Name
	}
	for _, s := range a.treeInfo.source {
		if s.Name != first && sameName(s.Name, rec.Name) {
			return true
		}
	}
	return false
}

// ownValidity makes up a UIDVALIDITY: the greatest that is free below the destination's if that is above every value known
// for the folder, so that settling can go up to the destination's; else above all of them.
func ownValidity(rec store.Folder, src, dst uint32, taken func(uint32) bool) uint32 {
	top := max(src, slices.Max(append([]uint32{0}, rec.PastUIDValidities...)))
	for _, s := range rec.Sources {
		top = max(top, s.UIDValidity)
	}
	if dst <= validityLimit {
		for v := dst - 1; dst > 1 && v > top; v-- {
			if !taken(v) {
				return v
			}
		}
	}
	v := max(uint32(time.Now().Unix()), top, dst) + 1
	for taken(v) {
		v++
	}
	return v
}

// validityTaken tells whether another folder of the account is shown under this UIDVALIDITY or will be when it has settled:
// it may come to this one's name, and servers number folders that are made in a row one after the other.
func (a *account) validityTaken(self *folder) func(uint32) bool {
	taken := make(map[uint32]bool)
	for _, f := range a.all() {
		if f != self {
			rec := f.record()
			taken[rec.Identity.UIDValidity], taken[rec.DestUIDValidity] = true, true
		}
	}
	return func(v uint32) bool { return taken[v] }
}

// fixAndMark fixes the identity and marks it, at once: a client waits for two disks that have nothing to do with each other,
// and a mark of what nobody is told in the end does no harm.
func (f *folder) fixAndMark() error {
	e, v := f.acct.e, f.record().Identity.UIDValidity
	var g errgroup.Group
	g.Go(f.fix)
	g.Go(func() error { return e.lineage.Mark(f.acct.key, v) })
	if err := g.Wait(); err != nil {
		return err
	}
	return e.lineage.Mark(f.acct.key, f.record().Identity.UIDValidity) // fixing may have taken another
}

// editWithFix changes the folder now or, where the identity is to be fixed when the look is over, together with that: a
// client waits for each sync of the disk. If the look ends otherwise nothing was changed, and the next one finds it so. The
// caller holds writer.
func (f *folder) editWithFix(change func(*edit) error) error {
	if f.fixing {
		f.withFix = append(f.withFix, change)
		return nil
	}
	return f.edit(change)
}

// fix makes the identity final before its numbers are told to a client for the first time: the snapshot of the
// source's UIDNEXT and the gap above it. Everything that has no number of its own yet gets one above the gap:
// first the source folders that were merged in, then what only the destination has.
func (f *folder) fix() error {
	err := f.edit(func(e *edit) error {
		for _, change := range f.withFix {
			if err := change(e); err != nil {
				return err
			}
		}
		return f.fixIn(e)
	})
	if err == nil {
		f.withFix = nil
	}
	return err
}

func (f *folder) fixIn(e *edit) error {
	if e.rec.Identity.Fixed {
		return nil
	}
	if e.rec.Identity.UIDValidity == 0 { // a folder of the destination's numbers, which it does not create
		return hasDest(e.rec)
	}
	r := e.record()
	r.Identity.Fixed = true
	r.PastUIDValidities = appendNew(r.PastUIDValidities, r.Identity.UIDValidity)
	if r.Identity.Native {
		return nil
	}
	if !r.Identity.Own {
		b := ownSources(*r)[0]
		next := r.Sources[b].UIDNext
		if cur := f.source[b]; cur != nil {
			next = max(next, cur.state.UIDNext)
		}
		if next >= sourceLimit {
			return f.fixOwn(e)
		}
		r.Identity.SnapshotNext, r.Identity.NextUID = next, next+gap
	}
	start, _ := find(f.links, provisional)
	if start > 0 { // a crash in the middle of this may have left numbers behind
		r.Identity.NextUID = max(r.Identity.NextUID, f.links[start-1].UID+1)
	}
	if start == len(f.links) {
		return nil
	}
	numbered := make(map[[3]uint32]bool)
	for _, l := range f.links[:start] {
		numbered[whatItIs(&l)] = true
	}
	late := slices.Clone(f.links[start:])
	slices.SortStableFunc(late, func(a, b store.Link) int { return fromBelow(&a) - fromBelow(&b) })
	for i := range late {
		if numbered[whatItIs(&late[i])] {
			e.forget(late[i].UID)
		} else {
			e.renumber(late[i].UID, e.nextUID())
		}
	}
	return nil
}

// fixOwn takes an identity of our own after all: since the folder was met, the source has counted so high that
// there is no room above its numbers.
func (f *folder) fixOwn(e *edit) error {
	r := e.record()
	top, _ := find(f.links, provisional)
	next := uint32(ownFirst)
	if top > 0 {
		next = max(next, f.links[top-1].UID+1)
	}
	own := ownValidity(*r, max(r.Identity.UIDValidity, f.acct.high), r.DestUIDValidity, f.acct.validityTaken(f))
	r.Identity = store.Identity{UIDValidity: own, NextUID: next, Own: true, Fixed: true}
	for _, l := range f.links {
		e.renumber(l.UID, e.nextUID())
	}
	return nil
}

// whatItIs tells two links of one message from links of two.
func whatItIs(l *store.Link) [3]uint32 {
	if l.Src != 0 {
		return [3]uint32{uint32(l.Box) + 1, l.Src}
	}
	return [3]uint32{0, 0, l.Dst}
}

// fromBelow orders what the source has before what only the destination has.
func fromBelow(l *store.Link) int {
	if l.Src != 0 {
		return 0
	}
	return 1
}

func appendNew(list []uint32, v uint32) []uint32 {
	if v == 0 || slices.Contains(list, v) {
		return list
	}
	return append(slices.Clone(list), v)
}
