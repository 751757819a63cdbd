package backfill

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"crossfade/store"
)

// Going over to the destination's numbers changes the key of every link, in a large folder more than fits into one
// transaction. So the links are written anew beside the old ones, as those of another folder that no record names yet (a
// draft), and the last transaction puts that folder's record in the place of this one's: a kill leaves the one or the
// other, whole. What is left of a draft is removed like any deleted folder.

// refusedAtOnce is how many quarantine records one transaction writes.
const refusedAtOnce = 200

// switchOver puts the draft in the folder's place and returns it. The caller has held the folder and its claims.
func (f *folder) switchOver(d *draft) (*folder, error) {
	f.editing.Lock()
	defer f.editing.Unlock()
	a := f.acct
	links, moved := nativeLinks(f.links)
	if i := firstTwin(links); i >= 0 {
		return nil, (&edit{f: f}).twins(&links[i-1], &links[i])
	}
	if err := d.write(links); err != nil {
		return nil, err
	}
	refused, err := d.moveRefused(moved)
	if err != nil {
		return nil, err
	}
	rec := f.rec
	rec.PastUIDValidities = shownUnder(rec)
	rec.Complete, rec.SettleOrdered, rec.First = time.Time{}, false, bearer(&rec)
	rec.ID, rec.Draft, rec.Epoch, rec.State, rec.Settled = d.id, 0, rec.Epoch+1, folderSettled, time.Now().UTC()
	rec.Identity = store.Identity{UIDValidity: rec.DestUIDValidity, Native: true, Fixed: true, NextUID: provisional + uint32(len(moved))}
	g := unloaded(a, rec)
	g.take(f, links, refused)
	last := a.lastToSettle(f)
	err = a.e.store.Update(func(tx *store.Tx) error {
		if err := errors.Join(tx.PutFolder(rec), tx.PutTally(a.id, d.id, g.tally.stored()), tx.DeleteFolder(a.id, f.id)); err != nil || !last {
			return err
		}
		acc, err := tx.Account(a.id)
		if err != nil {
			return err
		}
		acc.Settled = rec.Settled
		return tx.PutAccount(acc)
	})
	if err != nil {
		return nil, err
	}
	messages := len(g.shown) // from here on clients change it
	a.put(f, g, last)
	a.log.Info("a folder has settled: clients see it under the destination's numbers", "folder", rec.Name, "messages", messages, "uidvalidity", rec.DestUIDValidity, "account_settled", last)
	return g, nil
}

// firstTwin finds the second of two links with one number; -1 if there is none.
func firstTwin(links []store.Link) int {
	for i := 1; i < len(links); i++ {
		if links[i].UID == links[i-1].UID {
			return i
		}
	}
	return -1
}

// moveRefused writes the quarantine records under their new numbers, and returns what they count as.
func (d *draft) moveRefused(moved map[uint32]uint32) (map[uint32]refusedAs, error) {
	f, st := d.f, d.f.acct.e.store
	var recs []store.Quarantine
	err := st.View(func(rx *store.Rx) (err error) {
		recs, err = rx.Quarantine(f.rec.Account, f.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	var kept []store.Quarantine
	for _, q := range recs {
		if to, ok := moved[q.UID]; ok { // else it is of a message that was copied since
			q.UID = to
			kept = append(kept, q)
		}
	}
	for some := range slices.Chunk(kept, refusedAtOnce) {
		err := st.Update(func(tx *store.Tx) error {
			for _, q := range some {
				if err := tx.PutQuarantine(f.rec.Account, d.id, q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return refusals(kept), nil
}

// take takes over what is known of the folder whose place this one takes, beside its record. The caller has its claims.
func (g *folder) take(f *folder, links []store.Link, refused map[uint32]refusedAs) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	g.links, g.changed, g.shown = links, make([]uint64, len(links)), shownUIDs(links)
	g.sets, g.refused = newFlagSets(slices.Clone(f.sets.list)), refused
	g.tally = tallyOf(links, g.rec, refused)
	g.loaded, g.tallied, g.kept = true, true, true
	for kind, text := range f.notes {
		g.notes[kind] = text
	}
	g.onDest, g.dest, g.appended, g.source = f.onDest, f.dest, f.appended, maps.Clone(f.source)
	g.listedAll, g.flagsListed = maps.Clone(f.listedAll), maps.Clone(f.flagsListed)
	g.below, g.looked, g.checked, g.quietAt = f.below, f.looked, f.checked, f.quietAt
	g.sampled, g.cutAt, g.savedSeen = f.sampled, f.cutAt, f.savedSeen
	g.meetRecent()
}

// lastToSettle tells whether all other folders are the destination's own, or have settled.
func (a *account) lastToSettle(f *folder) bool {
	for _, g := range a.all() {
		rec := g.record()
		if g == f || rec.Identity.Native || !rec.Deleted.IsZero() {
			continue
		}
		if len(rec.Sources) > 0 || rec.Identity.UIDValidity != 0 {
			return false
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.treeInfo.at.IsZero() && a.treeInfo.doubt == ""
}

// put puts a folder in another one's place. Whoever uses the old one is told ErrSwitched from now on.
func (a *account) put(f, g *folder, last bool) {
	a.mu.Lock()
	delete(a.folders, f.id)
	g.opened = f.opened
	a.folders[g.id] = g
	if last {
		a.settled = g.rec.Settled
	}
	a.mu.Unlock()
	f.mu.Lock()
	f.passage.end()
	f.version++
	close(f.wake)
	f.wake = make(chan struct{})
	f.mu.Unlock()
	a.noteSettled(last)
	a.kick()
}

// renew puts a folder in this one's place that is the same in the store: its numbers are others now, and whoever has it
// open is told so. It returns that folder, loaded and with its claims, until done.
func (f *folder) renew(ctx context.Context) (g *folder, done func(), err error) {
	f.editing.Lock()
	g = unloaded(f.acct, f.rec)
	f.mu.RLock()
	g.onDest = f.onDest
	f.mu.RUnlock()
	f.acct.put(f, g, false)
	f.editing.Unlock()
	if err := g.use(); err != nil {
		return nil, nil, err
	}
	release, err := f.acct.occupy(ctx, g)
	if err != nil {
		g.done()
		return nil, nil, err
	}
	return g, func() { release(); g.done() }, nil
}

// noteSettled has the marks know of it; if they cannot, the next start of the program tells them.
func (a *account) noteSettled(all bool) {
	if !all {
		return
	}
	if err := a.e.lineage.MarkSettled(a.key); err != nil {
		a.log.Warn("it could not be noted that the account has settled", "err", err)
	}
}

// settleRest notes that an account has settled all of whose folders are the destination's own.
func (a *account) settleRest(ctx context.Context) error {
	if err := a.tree.take(ctx); err != nil {
		return err
	}
	defer a.tree.release()
	if a.hasSettled() || len(a.all()) == 0 || a.rebuilding() || !a.lastToSettle(nil) {
		return nil
	}
	now := time.Now().UTC()
	if err := a.change(func(rec *store.Account) { rec.Settled = now }); err != nil {
		return err
	}
	a.mu.Lock()
	a.settled = now
	a.mu.Unlock()
	a.noteSettled(true)
	return nil
}
