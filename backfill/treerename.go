package backfill

import (
	"context"
	"errors"
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// A client's RENAME takes along everything below the folder (RFC 3501 6.3.5). It is journalled for the account before the
// destination is asked. Afterwards the records follow what the destination shows, also after a kill or a cut in between:
// links, identity and sources stay with the folder, so that the source's old name never looks like a new folder.

// Rename renames a folder, or a level that holds no messages itself, with all that is below it. INBOX stays, and its
// messages move.
func (s *Session) Rename(ctx context.Context, name, to string) error {
	if err := s.a.e.room(); err != nil {
		return err
	}
	if err := s.known(ctx); err != nil {
		return err
	}
	f, err := s.a.resolve(ctx, name)
	if err != nil && !errors.Is(err, ErrNoFolder) {
		return err
	}
	if f != nil && f.inbox {
		return s.renameInbox(ctx, to)
	}
	w, err := s.a.dest(ctx)
	if err != nil {
		return err
	}
	from, _ := s.a.namedPath(w, name)
	for try := 0; ; try++ {
		if f != nil {
			from = f.record().Path
		}
		branch := s.a.branch(from)
		release, err := hold(ctx, branch...)
		if err != nil {
			return err
		}
		err = s.changeTree(ctx, func(w Writer) error {
			if f != nil && !s.a.shows(f) {
				return ErrNoFolder
			}
			if !slices.Equal(branch, s.a.branch(from)) {
				return errMoved
			}
			return s.a.renameBranch(ctx, w, from, to, branch)
		})
		release()
		if !errors.Is(err, errMoved) || try == 3 {
			return err
		}
	}
}

// shows tells whether the folder is there for clients.
func (a *account) shows(f *folder) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.folders[f.id] == f && !f.deleted()
}

// errMoved: the tree has changed since it was looked at.
var errMoved = errors.New("the folders are being changed by another client")

// branch are the folders that are shown at a path and below it.
func (a *account) branch(path mapping.Path) (out []*folder) {
	for _, f := range a.all() {
		if rec := f.record(); rec.Deleted.IsZero() && (rec.Path.Equal(path) || below(rec.Path, path)) {
			out = append(out, f)
		}
	}
	return out
}

// renameBranch renames what is at a path; the caller holds the tree, and the way into the folders.
func (a *account) renameBranch(ctx context.Context, w Writer, from mapping.Path, to string, branch []*folder) error {
	path, err := a.newPath(w, to)
	if err != nil {
		return err
	}
	list, err := listedNow(ctx, w)
	if err != nil {
		return err
	}
	switch {
	case len(branch) == 0 && len(topmost(list, from, nil)) == 0:
		return ErrNoFolder
	case below(path, from):
		return refusedName("a folder cannot be moved below itself")
	case listedAt(list, path) != nil || a.hasBelow(path) || len(listedBelow(list, path)) > 0:
		return errExists
	}
	release, err := a.occupy(ctx, branch...)
	if err != nil {
		return err
	}
	defer release()
	r := store.Renaming{From: from, To: path}
	if err := a.e.store.Update(func(tx *store.Tx) error { return tx.PutRenaming(a.id, r) }); err != nil {
		return err
	}
	refused := a.renameAbove(ctx, w, r, list)
	if list, err = listedNow(ctx, w); err != nil { // the records follow when the destination is back
		return errors.Join(refused, err)
	}
	moved, err := a.followRename(ctx, w, r, list, branch)
	if err == nil && !moved && refused == nil {
		refused = errMoved
	}
	if moved && refused != nil {
		a.log.Warn("not all folders below a renamed one could be renamed on the destination", "folder", path.String(), "err", refused)
		refused = nil
	}
	return errors.Join(refused, err)
}

// renameAbove has the destination rename what it has of a branch. A server that leaves folders below where they are is
// told of each.
func (a *account) renameAbove(ctx context.Context, w Writer, r store.Renaming, list []Folder) error {
	if len(topmost(list, r.From, nil)) == 0 { // it is shown from the source so far
		return w.Create(ctx, w.Name(r.To))
	}
	skip := make(map[string]bool)
	var first error
	for round := 0; ; round++ {
		roots := topmost(list, r.From, skip)
		if len(roots) == 0 || round > len(r.From)+maxRounds {
			return first
		}
		for _, root := range roots {
			to := moveBelow(root.Path, r.From, r.To)
			if listedAt(list, to) != nil {
				skip[root.Name] = true
				continue
			}
			err := w.Rename(ctx, root.Name, w.Name(to))
			switch {
			case err == nil:
			case !selectable(root.Attrs): // a level that is none for the server: what is below it is renamed
				skip[root.Name] = true
			case uncertain(err) && round == 0:
			default:
				skip[root.Name] = true
				if first == nil {
					first = err
				}
			}
		}
		var err error
		if list, err = listedNow(ctx, w); err != nil {
			return errors.Join(first, err)
		}
	}
}

// maxRounds is how often a destination is asked again that leaves folders behind.
const maxRounds = 8

// topmost are the listed folders at a path, or else the nearest below it.
func topmost(list []Folder, path mapping.Path, skip map[string]bool) (out []Folder) {
	var all []Folder
	for _, l := range list {
		if (l.Path.Equal(path) || below(l.Path, path)) && !hasAttr(l.Attrs, `\NonExistent`) && !skip[l.Name] {
			all = append(all, l)
		}
	}
	for _, l := range all {
		if !slices.ContainsFunc(all, func(m Folder) bool { return below(l.Path, m.Path) }) {
			out = append(out, l)
		}
	}
	return out
}
