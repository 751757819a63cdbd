package backfill

import (
	"cmp"
	"context"
	"slices"

	"crossfade/mapping"
)

// When a folder of a user's own is renamed on the source, its shown folder is renamed, too, with everything below
// it: clients keep what they know of it, under the new name. A folder with a role, one that several source folders
// were merged into, or one whose name was not the source's keeps its name and goes on with the new source folder.
// The new name is journalled before the destination's RENAME, so that a kill in between ends in the one or the other.

// renameShown plans the renamings on the destination that follow those on the source.
func (a *account) renameShown(moved []renamed, info *treeInfo) map[*folder]mapping.Path {
	where := make(map[string]mapping.Decision)
	for _, d := range a.decide(*info) {
		where[d.Source] = d
	}
	byPath, _ := a.index()
	plan := make(map[*folder]mapping.Path)
	for _, m := range moved {
		if d := where[m.to.Name]; d.Kind == mapping.Create && !d.Escaped && byPath[d.Dest.Key()] == nil && m.f.follows(m.was) {
			plan[m.f] = d.Dest
		}
	}
	for f := range plan {
		if !a.wholeBranch(f, plan) {
			delete(plan, f)
		}
	}
	return plan
}

// follows tells whether the shown folder bears the name of its one source folder.
func (f *folder) follows(old mapping.Path) bool {
	rec := f.record()
	return rec.Role == "" && !f.inbox && rec.Deleted.IsZero() && len(ownSources(rec)) == 1 && len(old) > 0 && len(rec.Path) > 0 &&
		old[len(old)-1] == rec.Path[len(rec.Path)-1] && rec.DestUIDValidity != 0
}

// wholeBranch tells whether all folders below one that is to be renamed go where its new name puts them.
func (a *account) wholeBranch(f *folder, plan map[*folder]mapping.Path) bool {
	from, to := f.record().Path, plan[f]
	for _, g := range a.all() {
		rec := g.record()
		if !below(rec.Path, from) || len(rec.Sources) == 0 {
			continue
		}
		if p, ok := plan[g]; !ok || !p.Equal(moveBelow(rec.Path, from, to)) {
			return false
		}
	}
	return true
}

// below tells whether a path lies below another one.
func below(p, parent mapping.Path) bool {
	return len(p) > len(parent) && p[:len(parent)].Equal(parent)
}

func moveBelow(p, from, to mapping.Path) mapping.Path {
	return append(slices.Clone(to), p[len(from):]...)
}

// finishRenames brings the destination's folders to the names that are journalled, parents first: their children go
// along.
func (a *account) finishRenames(ctx context.Context, info *treeInfo, w Writer) error {
	var open []*folder
	for _, f := range a.all() {
		if len(f.record().RenameTo) > 0 {
			open = append(open, f)
		}
	}
	slices.SortFunc(open, func(f, g *folder) int { return cmp.Compare(len(f.record().Path), len(g.record().Path)) })
	for _, f := range open {
		if err := a.finishRename(ctx, f, info, w); err != nil {
			return err
		}
	}
	return nil
}

// finishRename renames one folder on the destination, unless that has happened already.
func (a *account) finishRename(ctx context.Context, f *folder, info *treeInfo, w Writer) error {
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	rec := f.record()
	to := w.Name(rec.RenameTo)
	old, new := has(info.dest, rec.Path), has(info.dest, rec.RenameTo)
	if old && !new {
		if err := w.Rename(ctx, rec.Name, to); err != nil {
			if IsUnavailable(err) {
				return err
			}
			a.log.Warn("a folder that was renamed on the source keeps its name on the destination", "folder", rec.Name, "err", err)
			return f.edit(func(e *edit) error { e.record().RenameTo = nil; return nil })
		}
		var err error
		if info.dest, err = w.Folders(ctx); err != nil {
			return err
		}
		old, new = has(info.dest, rec.Path), has(info.dest, rec.RenameTo)
	}
	if old || !new { // somebody else was here
		return f.edit(func(e *edit) error { e.record().RenameTo = nil; return nil })
	}
	return a.nameAll(ctx, f, w)
}

func has(list []Folder, path mapping.Path) bool {
	return slices.ContainsFunc(list, func(l Folder) bool { return l.Path.Equal(path) })
}

// nameAll gives a folder, and those below it that only the destination has, the new name in the records. The caller
// holds its writer.
func (a *account) nameAll(ctx context.Context, f *folder, w Writer) error {
	rec := f.record()
	fs, to := []*folder{f}, []mapping.Path{rec.RenameTo}
	for _, g := range a.all() {
		if r := g.record(); len(r.Sources) == 0 && r.Deleted.IsZero() && below(r.Path, rec.Path) {
			fs, to = append(fs, g), append(to, moveBelow(r.Path, rec.Path, rec.RenameTo))
		}
	}
	if err := a.nameAnew(ctx, w, fs, to); err != nil {
		return err
	}
	a.log.Info("a folder was renamed like its source", "from", rec.Name, "to", f.record().Name)
	if !f.onDestination().Subscribed {
		return nil
	}
	for name, on := range map[string]bool{f.record().Name: true, rec.Name: false} {
		if err := w.Subscribe(ctx, name, on); err != nil { // a convenience
			a.log.Debug("a subscription did not follow", "folder", name, "err", err)
		}
	}
	return nil
}
