package backfill

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crossfade/store"
)

// TestApply: after any edits the links are those that a plain map would have, in order and each with the version at which its
// flags changed last; what clients see follows from them; and no list that was handed out is written to later.
func TestApply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := unloaded(&account{e: &Engine{}}, store.Folder{})
		model, versions := make(map[uint32]store.Link), make(map[uint32]uint64)
		var told, copies [][]uint32
		for range rapid.IntRange(1, 30).Draw(t, "edits") {
			e := drawEdit(t, f, model)
			before := slices.Clone(f.shown)
			e.apply()
			for u, l := range e.set {
				if model[u].Flags != l.Flags {
					versions[u] = f.version
				}
				model[u] = l
			}
			for u := range e.drop {
				delete(model, u)
			}
			for _, l := range e.add {
				model[l.UID], versions[l.UID] = l, f.version
			}
			uids := slices.Sorted(maps.Keys(model))
			if len(f.links) != len(uids) || len(f.changed) != len(uids) {
				t.Fatalf("%d links and %d versions, want %d", len(f.links), len(f.changed), len(uids))
			}
			for i, u := range uids {
				if f.links[i] != model[u] || f.changed[i] != versions[u] {
					t.Fatalf("link %d is %+v of version %d, want %+v of %d", i, f.links[i], f.changed[i], model[u], versions[u])
				}
			}
			if want := shownUIDs(f.links); !slices.Equal(f.shown, want) {
				t.Fatalf("shown are %v, want %v", f.shown, want)
			}
			if (f.members == f.version) == slices.Equal(before, f.shown) && len(e.drop) == 0 {
				t.Fatalf("shown went from %v to %v, and members are of version %d of %d", before, f.shown, f.members, f.version)
			}
			c := f.changes(0)
			told, copies = append(told, c.UIDs), append(copies, slices.Clone(c.UIDs))
		}
		for i := range told {
			if !slices.Equal(told[i], copies[i]) {
				t.Fatalf("a list that was handed out is now %v, was %v", told[i], copies[i])
			}
		}
	})
}

// drawEdit is an edit of links that exist, and of new ones that stand among them, behind them, or where one has just been.
func drawEdit(t *rapid.T, f *folder, model map[uint32]store.Link) *edit {
	link := func(u uint32) store.Link {
		return store.Link{UID: u, State: rapid.SampledFrom([]store.State{store.Listed, store.Copied, store.Whiteout, store.Above}).Draw(t, "state"),
			Flags: store.FlagSet(rapid.Uint32Range(0, 2).Draw(t, "flags")), Dst: rapid.Uint32Range(0, 9).Draw(t, "dst")}
	}
	e := &edit{f: f}
	for _, u := range slices.Sorted(maps.Keys(model)) {
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			e.put(link(u))
		case 1:
			e.forget(u)
		}
	}
	near := rapid.Uint32Range(1, 40)
	if rapid.Bool().Draw(t, "behind") {
		near = rapid.Uint32Range(provisional-20, provisional+20)
	}
	for _, u := range rapid.SliceOfNDistinct(near, 0, 8, rapid.ID[uint32]).Draw(t, "new") {
		if _, dropped := e.drop[u]; model[u].UID == 0 || dropped {
			e.add = append(e.add, link(u))
		}
	}
	slices.SortFunc(e.add, byUID)
	return e
}
