package backfill

import (
	"context"
	"errors"
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// finishRenaming has the records follow a RENAME that a kill or a cut left open.
func (a *account) finishRenaming(ctx context.Context, info *treeInfo, w Writer) error {
	var r store.Renaming
	err := a.e.store.View(func(rx *store.Rx) (err error) {
		r, err = rx.Renaming(a.id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	branch := a.branch(r.From)
	release, err := a.occupy(ctx, branch...)
	if err != nil {
		return err
	}
	defer release()
	_, err = a.followRename(ctx, w, r, info.dest, branch)
	return err
}

// renamesAtOnce is how many records follow a RENAME in one transaction.
const renamesAtOnce = 50

// followRename gives the folders of a branch the names that the destination shows; the caller holds their claims. It
// tells whether anything was renamed there.
func (a *account) followRename(ctx context.Context, w Writer, r store.Renaming, list []Folder, branch []*folder) (moved bool, err error) {
	moved = listedAt(list, r.To) != nil || len(listedBelow(list, r.To)) > 0
	var follow []*folder
	for _, f := range branch {
		path := f.record().Path
		if moved && (existsAt(list, moveBelow(path, r.From, r.To)) || !existsAt(list, path)) {
			follow = append(follow, f)
		}
	}
	for len(follow) > 0 {
		some := follow[:min(len(follow), renamesAtOnce)]
		to := make([]mapping.Path, len(some))
		for i, f := range some {
			to[i] = moveBelow(f.record().Path, r.From, r.To)
		}
		if err := a.nameAnew(ctx, w, some, to); err != nil {
			return moved, err
		}
		follow = follow[len(some):]
	}
	if moved {
		a.log.Info("a client renamed a folder", "from", r.From.String(), "to", r.To.String(), "folders", len(branch))
	}
	return moved, a.e.store.Update(func(tx *store.Tx) error { return tx.DeleteRenaming(a.id) })
}

// nameAnew gives folders that were renamed on the destination their new names in the records; the caller holds their
// claims. Some servers give a folder a new UIDVALIDITY then.
func (a *account) nameAnew(ctx context.Context, w Writer, fs []*folder, to []mapping.Path) error {
	names := make([]store.Name, len(fs))
	validity := make([]uint32, len(fs))
	for i, f := range fs {
		var err error
		if names[i], err = a.givenUp(to[i]); err != nil {
			return err
		}
		if err := f.use(); err != nil {
			return err
		}
		defer f.done()
		if validity[i], err = f.numberedBy(ctx, w, w.Name(to[i])); err != nil {
			return err
		}
	}
	err := a.e.commit(fs, func(es []*edit) error {
		for i, e := range es {
			e.giveUp()
			r := e.record()
			r.PastNames = append(slices.Clone(r.PastNames), r.Name)
			r.Name, r.Path, r.RenameTo = w.Name(to[i]), to[i], nil
			if v := validity[i]; v != r.DestUIDValidity {
				r.PastUIDValidities = appendNew(r.PastUIDValidities, r.DestUIDValidity)
				if r.DestUIDValidity, r.DestModSeq, r.Landmarks = v, 0, nil; r.Identity.Native {
					r.Identity.UIDValidity = v
				}
			}
			e.inherit(names[i])
			if id := e.rec.Identity; !id.Own && !id.Native && id.UIDValidity != 0 && e.f.nameWasAnother(e.rec) {
				e.showAnew(0)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range fs {
		f.setDest(cursor{})
	}
	return nil
}

// numberedBy is the UIDVALIDITY of the destination's folder under its new name: the one that is known, or another if all
// messages that are known have their numbers under it.
func (f *folder) numberedBy(ctx context.Context, w Writer, name string) (uint32, error) {
	known := f.record().DestUIDValidity
	if known == 0 {
		return 0, nil
	}
	st, err := w.Examine(ctx, name)
	if errors.Is(err, ErrNoFolder) {
		return known, nil
	}
	if err != nil || st.UIDValidity == known || st.UIDValidity == 0 {
		return known, err
	}
	sizes := make(map[uint32]int64)
	if _, err := w.Scan(ctx, name, Scan{UIDValidity: st.UIDValidity, Details: true}, func(e Entry) error { sizes[e.UID] = e.Size; return nil }); err != nil {
		return 0, err
	}
	other := f.where(func(l *store.Link) bool {
		size, ok := sizes[l.Dst]
		return l.Dst != 0 && (!ok || l.HasDetails && !l.Altered && l.Size != size)
	})
	if len(other) > 0 {
		f.acct.log.Warn("a folder that was renamed has other numbers on the destination", "folder", name, "differ", len(other))
		return known, nil
	}
	return st.UIDValidity, nil
}
