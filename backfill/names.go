package backfill

import (
	"cmp"
	"slices"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// A name that a folder gave up, because it was deleted or renamed, stays a key in the caches of clients: what comes
// under it next must be shown under a greater UIDVALIDITY (RFC 3501 2.3.1.1). While a folder bears a name its own record
// knows what it was shown under; when it gives the name up, that is noted in the same transaction.

// givenUp is what is known of a name that folders gave up.
func (a *account) givenUp(path mapping.Path) (n store.Name, err error) {
	err = a.e.store.View(func(rx *store.Rx) (err error) {
		n, err = rx.Name(a.id, path)
		return err
	})
	return n, err
}

// shownUnder are the UIDVALIDITYs under which a folder was shown, and those of its sources.
func shownUnder(rec store.Folder) []uint32 {
	all := slices.Clone(rec.PastUIDValidities)
	if rec.Identity.Fixed {
		all = appendNew(all, rec.Identity.UIDValidity)
	}
	return all
}

// giveUp notes that the folder does not bear its name any more.
func (e *edit) giveUp() {
	acc, id, path, shown := e.f.rec.Account, bearer(&e.rec), e.f.rec.Path, shownUnder(e.rec)
	e.also = append(e.also, func(tx *store.Tx) error { return tx.AddName(acc, path, id, shown...) })
}

// bearer is what the names that a folder had know it by, also after it has settled.
func bearer(rec *store.Folder) store.FolderID { return cmp.Or(rec.First, rec.ID) }

// livePath finds the folder that is shown under a path.
func (a *account) livePath(path mapping.Path) *folder {
	for _, f := range a.all() {
		if rec := f.record(); rec.Deleted.IsZero() && rec.Path.Equal(path) {
			return f
		}
	}
	return nil
}

// inherit has a folder that comes to a name shown under a UIDVALIDITY that is greater than any that was told there
// before, unless it was this folder that was told. Clients that have the folder open keep its numbers.
func (e *edit) inherit(n store.Name) {
	r := e.record()
	r.PastUIDValidities = slices.Clone(r.PastUIDValidities)
	mine := slices.Max(append(shownUnder(*r), 0))
	for _, v := range n.UIDValidities {
		r.PastUIDValidities = appendNew(r.PastUIDValidities, v)
	}
	if r.Identity.UIDValidity != 0 && r.Identity.UIDValidity <= n.High() && (n.Last != bearer(r) || n.High() > mine) {
		e.showAnew(n.High())
	}
	r.ShownAbove = slices.DeleteFunc(slices.Clone(r.ShownAbove), func(v uint32) bool {
		return slices.Contains(n.UIDValidities, v) && n.ToldBy(v) != bearer(r)
	})
}

// showAnew gives the folder a UIDVALIDITY of our own, above all that it was shown under and above a floor. Its UIDs stay.
func (e *edit) showAnew(floor uint32) {
	r, a := e.record(), e.f.acct
	id := &r.Identity
	if id.Native && id.Fixed {
		r.ShownAbove = appendNew(r.ShownAbove, id.UIDValidity)
	}
	id.UIDValidity, id.Own = ownValidity(*r, max(id.UIDValidity, floor, a.high), r.DestUIDValidity, a.validityTaken(e.f)), true
	if id.Native { // the destination's numbers so far; new ones keep clear of them
		id.Native, id.NextUID = false, max(e.f.uidNext()+gap, ownFirst)
		if r.State == folderSettled {
			r.State, r.Settled = "blended", time.Time{}
		}
		for _, l := range e.f.links { // what is on its way was not shown, and is from now on
			if l.UID >= provisional && l.State != store.Whiteout {
				e.renumber(l.UID, e.nextUID())
			}
		}
	}
	if id.NextUID == 0 {
		id.NextUID = ownFirst
	}
	if id.Fixed {
		r.PastUIDValidities = appendNew(r.PastUIDValidities, id.UIDValidity)
	}
}
