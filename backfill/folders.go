package backfill

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// gap lies between the source's numbers and ours, so that a device that still talks to the old server never
// sees one number for two messages.
const gap = 1_000_000

// treeAge is how old a listing may be when a name is looked up that is not known.
const treeAge = 2 * time.Second

func sortFolders(fs []*folder) {
	slices.SortFunc(fs, func(a, b *folder) int { return cmp.Compare(a.id, b.id) })
}

// resolve finds the folder that a client's name means: the shown name, else the source's old name (an alias). A
// real folder always wins over an alias.
func (a *account) resolve(ctx context.Context, name string) (*folder, error) {
	f, alias := a.find(name)
	if f == nil {
		if err := a.refreshTree(ctx, treeAge); err != nil {
			return nil, err
		}
		f, alias = a.find(name)
	}
	if f == nil {
		return nil, ErrNoFolder
	}
	if alias {
		a.usedAlias()
	}
	return f, nil
}

// match finds what a name leads to, real or an alias.
func (a *account) match(name string) *folder {
	f, _ := a.find(name)
	return f
}

// find looks for a folder of this very name, then for the name as it should be spelled (clients send `R&D`), then for
// the source's old path.
func (a *account) find(name string) (f *folder, alias bool) {
	if f := a.matchRaw(name); f != nil {
		return f, false
	}
	a.mu.Lock()
	w := a.dst
	a.mu.Unlock()
	if w != nil {
		if proper := w.Name(w.Path(name)); proper != name {
			if f := a.matchRaw(proper); f != nil {
				return f, false
			}
		}
	}
	if f := a.matchAlias(name); f != nil {
		return f, true
	}
	if path, ok := a.aliasPath(name); ok {
		if f := a.livePath(path); f != nil {
			return f, true
		}
	}
	return nil, false
}

// matchAlias finds the folder into which a source folder of this very name is blended.
func (a *account) matchAlias(name string) *folder {
	for _, f := range a.all() {
		rec := f.record()
		for _, s := range rec.Sources {
			if rec.Deleted.IsZero() && !s.Borrowed && sameName(s.Name, name) {
				return f
			}
		}
	}
	return nil
}

func (a *account) matchRaw(name string) *folder {
	for _, f := range a.all() {
		rec := f.record()
		if !rec.Deleted.IsZero() {
			continue
		}
		if rec.Name == name || rec.Path.IsInbox() && strings.EqualFold(name, "INBOX") {
			return f
		}
		if sameName(rec.Name, name) {
			return f
		}
	}
	return nil
}

// sameName compares two raw names; a leading INBOX is compared without case (RFC 3501 5.1).
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	const inbox = "INBOX"
	return len(a) >= len(inbox) && strings.EqualFold(a[:len(inbox)], inbox) && strings.EqualFold(b[:len(inbox)], inbox) && a[len(inbox):] == b[len(inbox):]
}

// addSource joins a source folder to a folder that is shown already. Its messages are numbered above the gap.
func (f *folder) addSource(box store.SourceBox) error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.edit(func(e *edit) error {
		r := e.record()
		r.Sources = append(slices.Clone(r.Sources), box)
		switch id := r.Identity; {
		case !id.Native:
		case id.Fixed, r.State == folderSettled, f.acct.hasSettled(): // known by the destination's numbers: so it stays
			r.State, r.Settled = folderSettled, time.Now().UTC()
		default: // nobody was told: the identity is chosen again
			r.Identity = store.Identity{}
			if id.NextUID >= provisional { // a crash in the middle of this left numbers behind
				r.Identity.NextUID = id.NextUID
			}
			for _, l := range f.links {
				if l.UID >= provisional {
					e.forget(l.UID)
				} else {
					e.renumber(l.UID, e.nextUID())
				}
			}
		}
		return nil
	})
}

// dropFolder forgets a folder that exists on no side any more.
func (a *account) dropFolder(f *folder) error {
	f.editing.Lock()
	defer f.editing.Unlock()
	rec := f.record()
	err := a.e.store.Update(func(tx *store.Tx) error {
		if rec.Draft != 0 {
			if err := tx.DeleteFolder(a.id, rec.Draft); err != nil {
				return err
			}
		}
		return errors.Join(tx.DeleteFolder(a.id, f.id), tx.AddName(a.id, rec.Path, bearer(&rec), shownUnder(rec)...))
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	delete(a.folders, f.id)
	a.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	f.links, f.changed, f.shown, f.members, f.dropped = nil, nil, nil, f.version, true
	close(f.wake)
	f.wake = make(chan struct{})
	return nil
}

// list is the tree that clients see: the destination's, with the source's folders blended in.
func (a *account) list() []ListEntry {
	a.mu.Lock()
	info := a.treeInfo
	a.mu.Unlock()
	subs := make(map[string]bool)
	for _, s := range info.source {
		subs[s.Name] = s.Subscribed
	}
	var out []ListEntry
	seen := make(map[string]bool)
	given := make(map[mapping.Role]bool)
	for _, d := range info.dest {
		given[mapping.RoleOf(d.Attrs)] = true
	}
	for _, f := range a.all() {
		rec, here := f.record(), f.onDestination()
		if !rec.Deleted.IsZero() {
			continue
		}
		e := ListEntry{Name: rec.Name, Subscribed: here.Subscribed, Attrs: keepAttrs(here.Attrs)}
		if role := mapping.Role(rec.Role); role != "" && !given[role] || hasRole(here.Attrs) {
			e.Attrs = append(e.Attrs, roleAttr(role)...)
		}
		for _, s := range rec.Sources {
			e.Subscribed = e.Subscribed || !s.Borrowed && !rec.Subscribed && subs[s.Name]
		}
		seen[rec.Name] = true
		out = append(out, e)
	}
	for _, d := range info.dest { // what cannot be selected
		if !seen[d.Name] && !selectable(d.Attrs) {
			seen[d.Name] = true
			out = append(out, ListEntry{Name: d.Name, Attrs: keepAttrs(d.Attrs), Subscribed: d.Subscribed, NonExistent: true})
		}
	}
	return withChildren(withParents(a.withOrphans(out, seen), seen, info.sep), info.sep)
}

func (f *folder) onDestination() presence {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.onDest
}

// keepAttrs drops what is told anew: children, special use, subscription.
func keepAttrs(attrs []string) []string {
	var out []string
	for _, a := range attrs {
		switch strings.ToLower(a) {
		case `\haschildren`, `\hasnochildren`, `\subscribed`, `\marked`, `\unmarked`:
		default:
			if mapping.RoleOf([]string{a}) == "" {
				out = append(out, a)
			}
		}
	}
	return out
}

// roleAttr is the special-use attribute of a role (RFC 6154 2).
func roleAttr(r mapping.Role) []string {
	switch r {
	case mapping.Drafts:
		return []string{`\Drafts`}
	case mapping.Sent:
		return []string{`\Sent`}
	case mapping.Trash:
		return []string{`\Trash`}
	case mapping.Junk:
		return []string{`\Junk`}
	case mapping.Archive:
		return []string{`\Archive`}
	}
	return nil
}

func hasRole(attrs []string) bool { return mapping.RoleOf(attrs) != "" }

func hasAttr(attrs []string, attr string) bool {
	return slices.ContainsFunc(attrs, func(a string) bool { return strings.EqualFold(a, attr) })
}

// withParents adds the levels between that exist on neither side.
func withParents(list []ListEntry, seen map[string]bool, sep string) []ListEntry {
	if sep == "" {
		return list
	}
	for _, e := range slices.Clone(list) {
		for name := e.Name; ; {
			i := strings.LastIndex(name, sep)
			if i <= 0 {
				break
			}
			if name = name[:i]; seen[name] || strings.EqualFold(name, "INBOX") {
				continue
			}
			seen[name] = true
			list = append(list, ListEntry{Name: name, Attrs: []string{`\Noselect`}, NonExistent: true})
		}
	}
	return list
}

// withChildren sorts the list, INBOX first, and tells who has children (RFC 3348).
func withChildren(list []ListEntry, sep string) []ListEntry {
	slices.SortFunc(list, func(a, b ListEntry) int {
		if x, y := strings.EqualFold(a.Name, "INBOX"), strings.EqualFold(b.Name, "INBOX"); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	parents := make(map[string]bool)
	for _, e := range list {
		if i := strings.LastIndex(e.Name, sep); sep != "" && i > 0 {
			parents[e.Name[:i]] = true
		}
	}
	for i := range list {
		switch {
		case hasAttr(list[i].Attrs, `\NoInferiors`):
		case parents[list[i].Name]:
			list[i].Attrs = append(list[i].Attrs, `\HasChildren`)
		default:
			list[i].Attrs = append(list[i].Attrs, `\HasNoChildren`)
		}
	}
	return list
}
