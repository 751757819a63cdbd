package backfill

import (
	"context"
	"fmt"
	"slices"

	"crossfade/store"
)

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
