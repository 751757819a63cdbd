package backfill

import (
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// join is a source folder that turned up for a shown folder that exists already.
type join struct {
	f   *folder
	box store.SourceBox
}

// decide asks the mapping; the winner of a merge comes first, because it gives the identity.
func (a *account) decide(info treeInfo) []mapping.Decision {
	p := mapping.NewPlan(treeOf(info.source, info.sourcePrefix), treeOf(info.dest, info.destPrefix), mapping.PlanOptions{})
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

func treeOf(fs []Folder, prefix string) mapping.Tree {
	t := mapping.Tree{Prefix: prefix}
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
