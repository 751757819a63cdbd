package backfill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/errgroup"

	"crossfade/mapping"
	"crossfade/store"
)

// treeInfo is what the last listing of both sides gave.
type treeInfo struct {
	at     time.Time
	source []Folder
	dest   []Folder
	sep    string // the destination's hierarchy separator

	sourcePrefix, destPrefix   string
	sourceForeign, destForeign []string
	sourceCaps                 imap.CapSet

	sourceAt time.Time // when the source was last listed
	doubt    string    // why the source's listing is not believed; "" if it is
}

// refreshTree lists both sides unless that was done within maxAge, decides where new source folders go, and
// records it. Decisions that were made stay: a folder that clients saw does not move by itself.
func (a *account) refreshTree(ctx context.Context, maxAge time.Duration) error {
	if err := a.tree.take(ctx); err != nil {
		return err
	}
	defer a.tree.release()
	a.mu.Lock()
	fresh := !a.treeInfo.at.IsZero() && time.Since(a.treeInfo.at) < maxAge
	a.mu.Unlock()
	if fresh {
		return nil
	}
	return a.relist(ctx)
}

// relist is refreshTree without asking how old the last listing is; the caller holds the tree.
func (a *account) relist(ctx context.Context) error {
	info, writer, err := a.listBoth(ctx)
	if err != nil {
		return err
	}
	if err := a.followTree(ctx, &info, writer); err != nil {
		return err
	}
	if err := a.plan(ctx, info, writer); err != nil {
		return fmt.Errorf("record the folder tree: %w", err)
	}
	a.mu.Lock()
	a.treeInfo, a.treeDue = info, false
	a.mu.Unlock()
	return nil
}

// treeAge is how old a listing of both sides may be for a pass over the folders: both servers should stay
// comfortable, unless something vanished.
func (a *account) treeAge() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.treeDue || a.lostAt.After(a.treeInfo.sourceAt) || a.treeInfo.sourceAt.Before(a.treeInfo.at) {
		return a.e.opt.Recheck / 2
	}
	return quietTree * a.e.opt.Recheck
}

// wantTree has the next pass list both sides.
func (a *account) wantTree() {
	a.mu.Lock()
	a.treeDue = true
	a.mu.Unlock()
	a.kick()
}

// listBoth lists both sides. The destination must answer, or the list would be short (rule 4). The source's
// folders are known from the records once it has been listed.
func (a *account) listBoth(ctx context.Context) (treeInfo, Writer, error) {
	info := treeInfo{at: time.Now()}
	var writer Writer
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		w, err := a.dest(gctx)
		if err != nil {
			return err
		}
		writer, info.sep, info.destPrefix, info.destForeign = w, w.Features().Separator, w.Features().Prefix, w.Features().Foreign
		info.dest, err = a.listDest(gctx, w)
		return err
	})
	var srcErr error
	shut := a.shut()
	g.Go(func() error {
		if shut {
			return nil
		}
		src, err := a.source(gctx)
		if err == nil {
			info.source, err = src.Folders(gctx)
			had := src.Features()
			info.sourcePrefix, info.sourceForeign, info.sourceCaps = had.Prefix, had.Foreign, had.Caps
		}
		srcErr = err
		return nil
	})
	if err := g.Wait(); err != nil || shut {
		return info, writer, err
	}
	if srcErr != nil {
		known := slices.ContainsFunc(a.all(), func(f *folder) bool { return len(f.record().Sources) > 0 })
		if !known {
			return info, nil, fmt.Errorf("source: %w", srcErr)
		}
		a.log.Warn("the source's folders cannot be listed, going on with those known", "err", srcErr)
		a.mu.Lock()
		info.source, info.sourcePrefix, info.sourceForeign = a.treeInfo.source, a.treeInfo.sourcePrefix, a.treeInfo.sourceForeign
		info.sourceAt, info.doubt, info.sourceCaps = a.treeInfo.sourceAt, a.treeInfo.doubt, a.treeInfo.sourceCaps
		a.mu.Unlock()
		return info, writer, nil
	}
	info.sourceAt, info.doubt = info.at, a.doubtTree(info.source)
	return info, writer, nil
}

// followTree follows folders that were renamed on the source. Where that cannot be found out, no new name is taken
// in this time: it may be a folder that is known.
func (a *account) followTree(ctx context.Context, info *treeInfo, w Writer) error {
	if err := a.finishDeletes(ctx, w); err != nil {
		return err
	}
	if err := a.finishRenaming(ctx, info, w); err != nil {
		return err
	}
	if err := a.finishRenames(ctx, info, w); err != nil {
		return err
	}
	if !info.sourceAt.Equal(info.at) {
		return nil
	}
	if info.doubt == "" {
		if err := a.dropUnmet(info.source); err != nil {
			return err
		}
	}
	moved, err := a.findRenamed(ctx, info)
	if err != nil {
		a.log.Warn("new folders on the source are taken in later", "err", err)
		_, known := a.index()
		info.source = slices.DeleteFunc(info.source, func(l Folder) bool { return !known[l.Name] })
	}
	if len(moved) == 0 {
		return nil
	}
	if err := a.followRenames(ctx, moved, a.renameShown(moved, info)); err != nil {
		return err
	}
	info.doubt = a.doubtTree(info.source)
	return a.finishRenames(ctx, info, w)
}

// dropUnmet forgets source folders that went before anything in them was listed.
func (a *account) dropUnmet(listed []Folder) error {
	have := make(map[string]bool, len(listed))
	for _, l := range listed {
		have[l.Name] = true
	}
	for _, f := range a.all() {
		rec := f.record()
		for _, b := range ownSources(rec) {
			if rec.Sources[b].UIDValidity != 0 || have[rec.Sources[b].Name] {
				continue
			}
			if err := f.edit(func(e *edit) error {
				r := e.record()
				r.Sources = slices.Clone(r.Sources)
				r.Sources[b].Gone = true
				return nil
			}); err != nil {
				return err
			}
			f.setProblem(lostFolder(b), "")
		}
	}
	return nil
}

// unmet tells a source folder that went before anything in it was listed.
func unmet(s *store.SourceBox) bool { return s.Gone && s.UIDValidity == 0 }

// doubtTree tells why a listing of the source is not believed: what it lacks may not have been deleted.
func (a *account) doubtTree(listed []Folder) string {
	have := make(map[string]bool, len(listed))
	for _, l := range listed {
		have[l.Name] = true
	}
	known, missing := 0, 0
	for _, f := range a.all() {
		rec := f.record()
		for _, b := range ownSources(rec) {
			known++
			if !have[rec.Sources[b].Name] {
				missing++
			}
		}
	}
	if missing > 2 && 2*missing > known {
		return fmt.Sprintf("the source lists only %d of the %d folders that it had: nothing counts as deleted there until it shows them again", known-missing, known)
	}
	return ""
}

// plan brings the records in line with what was listed.
func (a *account) plan(ctx context.Context, info treeInfo, w Writer) error {
	phantoms, err := a.raiseListed(ctx, info, w)
	if err != nil {
		return err
	}
	byPath, bySource := a.index()
	paths := make(map[string]mapping.Path, len(info.source))
	for _, l := range info.source {
		paths[l.Name] = l.Path
	}
	var fresh []store.Folder
	var joined []join
	decided := a.decide(info)
	if info.sourceAt.Equal(info.at) {
		a.lookViews(ctx, decided, paths)
	}
	for _, d := range decided {
		if d.Kind == mapping.Skip || bySource[d.Source] {
			continue
		}
		if to := a.placed(d.Dest, paths[d.Source], decided); !to.Equal(d.Dest) {
			d.Dest, d.DestName = to, ""
		}
		name := d.DestName
		if name == "" {
			name = w.Name(d.Dest)
		}
		box := store.SourceBox{Name: d.Source, Path: paths[d.Source]}
		if f, ok := byPath[d.Dest.Key()]; ok {
			joined = append(joined, join{f, box})
			continue
		}
		if i := slices.IndexFunc(fresh, func(r store.Folder) bool { return r.Path.Equal(d.Dest) }); i >= 0 {
			fresh[i].Sources = append(fresh[i].Sources, box)
			continue
		}
		rec := store.Folder{Account: a.id, Kind: "mail", Name: name, Path: d.Dest, Role: string(d.Role), Sources: []store.SourceBox{box}}
		if a.hasSettled() { // the destination's numbers from the start
			rec.State, rec.Settled, rec.Identity.Native = folderSettled, time.Now().UTC(), true
		}
		fresh = append(fresh, rec)
	}
	for _, d := range info.dest {
		if !selectable(d.Attrs) || byPath[d.Path.Key()] != nil || phantoms[d.Path.Key()] || slices.ContainsFunc(fresh, func(r store.Folder) bool { return r.Path.Equal(d.Path) }) {
			continue
		}
		fresh = append(fresh, store.Folder{Account: a.id, Kind: "mail", Name: d.Name, Path: d.Path, Role: string(mapping.RoleOf(d.Attrs))})
	}
	if err := a.addFolders(fresh); err != nil {
		return err
	}
	for _, j := range joined {
		if err := j.f.addSource(j.box); err != nil {
			return err
		}
	}
	a.notePresence(ctx, info.dest, w)
	return a.comeBack(w)
}

// addFolders stores new records, all in one transaction.
func (a *account) addFolders(recs []store.Folder) error {
	if len(recs) == 0 {
		return nil
	}
	err := a.e.store.Update(func(tx *store.Tx) error {
		for i := range recs {
			id, err := tx.NewFolderID()
			if err != nil {
				return err
			}
			recs[i].ID = id
			if err := tx.PutFolder(recs[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range recs {
		a.folders[r.ID] = unloaded(a, r)
	}
	return nil
}
