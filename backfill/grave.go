package backfill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// A folder that a client deleted keeps its record, with a whiteout for every message that its sources had: they must
// never be copied or shown again, and its source must not be taken for a new folder. The source is still watched: what an
// old client puts there later nobody has seen, so the folder comes back with that mail alone, under numbers that were
// never told. A folder without sources is forgotten.

// deleted tells whether a client deleted the folder.
func (f *folder) deleted() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return !f.rec.Deleted.IsZero()
}

// bury makes a deleted folder of one whose destination is gone; the caller uses it and holds its claims. Sessions that
// have it selected see their messages go.
func (f *folder) bury() error {
	err := f.edit(func(e *edit) error {
		own := ownBox(e.rec)
		for _, l := range f.links {
			if l.State == store.Quarantined {
				e.release(l.UID)
			}
			if l.Src == 0 || !own(l.Box) {
				e.forget(l.UID)
				continue
			}
			l.State, l.Dst, l.Paired, l.Leaving, l.Touched = store.Whiteout, 0, false, false, true
			e.put(l)
		}
		e.closeIntent()
		e.giveUp()
		r := e.record()
		r.PastUIDValidities = shownUnder(*r)
		r.DestUIDValidity, r.DestUIDNext, r.DestModSeq, r.Landmarks = 0, 0, 0, nil
		r.Deleting, r.Deleted = false, time.Now().UTC()
		return nil
	})
	if err != nil {
		return err
	}
	f.forgetDest()
	f.mu.Lock()
	f.onDest = presence{}
	f.mu.Unlock()
	f.acct.log.Info("a client deleted a folder", "folder", f.record().Name, "messages", f.counted().states[store.Whiteout])
	return nil
}

// forgetDest forgets what is known of a folder on the destination that is gone.
func (f *folder) forgetDest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dest, f.appended, f.removed, f.suspects, f.swallows = cursor{}, 0, nil, nil, nil
	for _, kind := range []string{"destination", "create"} {
		delete(f.problems, kind)
	}
	delete(f.notes, noteSubscribe)
}

// comeBack shows deleted folders again whose sources have new mail; the caller holds the tree.
func (a *account) comeBack(w Writer) error {
	for _, f := range a.all() {
		if left := f.counted(); !f.deleted() || left.left() == 0 {
			continue
		}
		path := a.freePath(f.record().Path)
		a.log.Info("a deleted folder has new mail on the source and comes back with it", "folder", path.String())
		if err := f.raise(w, path, false); err != nil {
			return err
		}
		a.kick()
	}
	return nil
}

// freePath is the path, or one like it if another folder is shown there by now.
func (a *account) freePath(path mapping.Path) mapping.Path {
	free := path
	for n := 2; a.livePath(free) != nil; n++ {
		free = slices.Clone(path)
		free[len(free)-1] = fmt.Sprintf("%s (%d)", path[len(path)-1], n)
	}
	return free
}

// raise brings a deleted folder back. anew says that it is another folder for clients, who made it; else it goes on under
// its old UIDVALIDITY, if that was our own, above all numbers that were told.
func (f *folder) raise(w Writer, path mapping.Path, anew bool) error {
	name, err := f.acct.givenUp(path)
	if err != nil {
		return err
	}
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.edit(func(e *edit) error {
		r := e.record()
		r.Deleted = time.Time{}
		r.Path, r.Name = path, w.Name(path)
		if id := r.Identity; anew || id.Native {
			r.Identity = store.Identity{NextUID: id.NextUID, Native: r.State == folderSettled} // chosen when the destination's folder is there
		} else { // another folder may have borne the name meanwhile
			e.inherit(name)
		}
		return nil
	})
}

// graves are the deleted folders by their path; of several the last.
func (a *account) graves() map[string]*folder {
	out := make(map[string]*folder)
	for _, f := range a.all() {
		if rec := f.record(); !rec.Deleted.IsZero() {
			out[rec.Path.Key()] = f
		}
	}
	return out
}

// watchGrave has the tree listed, and the folder brought back, if a deleted folder has new mail.
func (f *folder) watchGrave() {
	if left := f.counted(); f.deleted() && left.left() > 0 {
		f.acct.wantTree()
	}
}

// raiseListed brings deleted folders back that clients have made again, here or on the destination, or into which another
// folder of the source is to go; the caller holds the tree. What was deleted in them stays deleted. Some servers go on
// listing a folder that was deleted while there are others below it: those are phantoms, by path.
func (a *account) raiseListed(ctx context.Context, info treeInfo, w Writer) (phantoms map[string]bool, err error) {
	graves := a.graves()
	byPath, bySource := a.index()
	phantoms = make(map[string]bool)
	for _, d := range info.dest {
		key := d.Path.Key()
		if !selectable(d.Attrs) || byPath[key] != nil || len(listedBelow(info.dest, d.Path)) == 0 {
			continue
		}
		if name, err := a.givenUp(d.Path); err != nil {
			return nil, err
		} else if name.Last != 0 {
			_, err := w.Examine(ctx, d.Name)
			if phantoms[key] = declines(err); err != nil && !phantoms[key] {
				return nil, err
			}
		}
	}
	if len(graves) == 0 {
		return phantoms, nil
	}
	var wanted []mapping.Path
	for _, d := range info.dest {
		if selectable(d.Attrs) && !phantoms[d.Path.Key()] {
			wanted = append(wanted, d.Path)
		}
	}
	for _, d := range a.decide(info) {
		if d.Kind != mapping.Skip && !bySource[d.Source] {
			wanted = append(wanted, d.Dest)
		}
	}
	for _, path := range wanted {
		f := graves[path.Key()]
		if f == nil || byPath[path.Key()] != nil {
			continue
		}
		if err := f.raise(w, path, true); err != nil {
			return nil, err
		}
		byPath[path.Key()] = f
	}
	return phantoms, nil
}
