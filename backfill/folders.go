package backfill

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

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

func (f *folder) onDestination() presence {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.onDest
}
