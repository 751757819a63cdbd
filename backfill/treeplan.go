package backfill

import (
	"context"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// join is a source folder that turned up for a shown folder that exists already.
type join struct {
	f   *folder
	box store.SourceBox
}

// decide asks the mapping; the winner of a merge comes first, because it gives the identity.
func (a *account) decide(info treeInfo) []mapping.Decision { return a.decideBy(info, a.e.opt.Folders) }

func (a *account) decideBy(info treeInfo, opt mapping.PlanOptions) []mapping.Decision {
	above := TreeOf(info.dest, Features{Prefix: info.destPrefix, Foreign: info.destForeign})
	a.tellRoles(&above)
	p := mapping.NewPlan(TreeOf(info.source, Features{Caps: info.sourceCaps, Prefix: info.sourcePrefix, Foreign: info.sourceForeign}), above, opt)
	out := slices.Clone(p.Decisions)
	slices.SortStableFunc(out, func(x, y mapping.Decision) int {
		switch {
		case x.Primary && !y.Primary:
			return -1
		case y.Primary && !x.Primary:
			return 1
		}
		return 0
	})
	return out
}

// tellRoles has folders that clients renamed keep their roles, where the destination says nothing of them any more: no
// second folder is made for a role.
func (a *account) tellRoles(t *mapping.Tree) {
	given := make(map[mapping.Role]bool)
	for _, n := range t.Folders {
		given[mapping.RoleOf(n.Attrs)] = true
	}
	for _, f := range a.all() {
		rec := f.record()
		role := mapping.Role(rec.Role)
		if role == "" || given[role] || len(rec.PastNames) == 0 || !rec.Deleted.IsZero() {
			continue
		}
		for i := range t.Folders {
			if n := &t.Folders[i]; n.Path.Equal(rec.Path) {
				n.Attrs = append(slices.Clone(n.Attrs), roleAttr(role)...)
			}
		}
	}
}

// placed is where a new source folder goes that would go to dest: below the folder that its parent on the source is shown
// as by now, whatever clients have renamed that to.
func (a *account) placed(dest, source mapping.Path, decided []mapping.Decision) mapping.Path {
	for n := len(source) - 1; n > 0; n-- {
		f, name := a.shownSource(source[:n])
		if f == nil {
			continue
		}
		i := slices.IndexFunc(decided, func(d mapping.Decision) bool { return d.Source == name })
		if i < 0 || !below(dest, decided[i].Dest) {
			return dest
		}
		return moveBelow(dest, decided[i].Dest, f.record().Path)
	}
	return dest
}

// shownSource finds the folder into which a source folder is blended, and that one's raw name.
func (a *account) shownSource(path mapping.Path) (*folder, string) {
	for _, f := range a.all() {
		rec := f.record()
		for _, b := range ownSources(rec) {
			if s := rec.Sources[b]; len(s.Path) > 0 && s.Path.Equal(path) {
				return f, s.Name
			}
		}
	}
	return nil, ""
}

// TreeOf is what the mapping is asked about a server's list of folders.
func TreeOf(fs []Folder, server Features) mapping.Tree {
	t := mapping.Tree{Prefix: server.Prefix, Foreign: server.Foreign}
	t.Server = mapping.FamilyOf(func(c string) bool { return server.Caps.Has(imap.Cap(c)) })
	for _, f := range fs {
		if f.Separator != "" {
			t.Separator = f.Separator
		}
		t.Folders = append(t.Folders, mapping.Node{Name: f.Name, Path: f.Path, Attrs: f.Attrs})
	}
	return t
}

// index maps the known folders by shown path and the known source folders by name.
func (a *account) index() (map[string]*folder, map[string]bool) {
	byPath, bySource := make(map[string]*folder), make(map[string]bool)
	for _, f := range a.all() {
		rec := f.record()
		if rec.Deleted.IsZero() {
			byPath[rec.Path.Key()] = f
		}
		for _, s := range rec.Sources {
			bySource[s.Name] = bySource[s.Name] || !s.Borrowed && !unmet(&s)
		}
	}
	return byPath, bySource
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
	decided, err := a.tryNames(ctx, info, bySource, w)
	if err != nil {
		return err
	}
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
	a.noteNames(decided, paths)
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
