package backfill

import (
	"context"
	"errors"
	"fmt"

	"crossfade/mapping"
)

// DELETE is journalled before the destination is asked: a kill afterwards ends in a folder that is there, or gone, as the
// destination has it. All that its sources had is whited out with the record that says so (grave.go); what the client was
// told is durable.

// Delete removes a folder and all messages in it, copied or not (RFC 3501 6.3.4). Folders below it stay.
func (s *Session) Delete(ctx context.Context, name string) error {
	if err := s.known(ctx); err != nil {
		return err
	}
	for try := 1; ; try++ {
		f, err := s.a.resolve(ctx, name)
		if err != nil && !errors.Is(err, ErrNoFolder) {
			return err
		}
		if err = s.deleteShown(ctx, f, name); !errors.Is(err, errReplaced) {
			return err
		}
		if try == deleteTries {
			return ErrNoFolder
		}
	}
}

// errReplaced: a listing has put another record in the folder's place since it was looked up, as where it was deleted and
// created again a moment ago.
var errReplaced = errors.New("the folder was met anew")

const deleteTries = 3

// deleteShown removes a folder, or the level of this name where f is nil.
func (s *Session) deleteShown(ctx context.Context, f *folder, name string) error {
	if f != nil {
		release, err := hold(ctx, f)
		if err != nil {
			return err
		}
		defer release()
	}
	return s.changeTree(ctx, func(w Writer) error {
		if f == nil {
			path, _ := s.a.namedPath(w, name)
			return s.a.deleteLevel(ctx, w, path)
		}
		if f.inbox {
			return refusedName("INBOX cannot be deleted")
		}
		if !s.a.shows(f) {
			return errReplaced
		}
		return s.a.deleteFolder(ctx, w, f)
	})
}

// deleteLevel removes a name that holds no messages, if nothing is below it.
func (a *account) deleteLevel(ctx context.Context, w Writer, path mapping.Path) error {
	list, err := listedNow(ctx, w)
	if err != nil {
		return err
	}
	if len(listedBelow(list, path)) > 0 || a.hasBelow(path) {
		return errHasChildren
	}
	l := listedAt(list, path)
	if l == nil {
		return ErrNoFolder
	}
	return w.Delete(ctx, l.Name)
}

var errHasChildren = &Refusal{Code: "HASCHILDREN", Text: "delete the folders below this one first"}

// hasBelow tells whether a folder is shown below a path.
func (a *account) hasBelow(path mapping.Path) bool {
	for _, g := range a.all() {
		if rec := g.record(); rec.Deleted.IsZero() && below(rec.Path, path) {
			return true
		}
	}
	return false
}

// deleteFolder removes a folder; the caller holds the tree.
func (a *account) deleteFolder(ctx context.Context, w Writer, f *folder) error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	release, err := a.occupy(ctx, f)
	if err != nil {
		return err
	}
	defer release()
	// What has come to the source up to now is what the user means.
	if err := f.lookLower(ctx); err != nil && (ctx.Err() != nil || !f.allListed()) {
		return err
	}
	rec := f.record()
	list, err := listedNow(ctx, w)
	if err != nil {
		return err
	}
	if existsAt(list, rec.Path) && len(listedBelow(list, rec.Path)) > 0 {
		if safe, err := a.sparesChildren(ctx, w, list); err != nil || !safe {
			a.log.Warn("a folder with others below it is not deleted: the destination may delete them with it", "folder", rec.Name, "err", err)
			return errHasChildren
		}
	}
	if err := f.edit(func(e *edit) error { e.record().Deleting = true; return nil }); err != nil {
		return err
	}
	return f.carryDelete(ctx, w, existsAt(list, rec.Path))
}

// allListed tells whether it is known what the folder's sources hold.
func (f *folder) allListed() bool {
	rec := f.record()
	for _, b := range ownSources(rec) {
		if !rec.Sources[b].Listed() {
			return false
		}
	}
	return true
}

// carryDelete carries a journalled DELETE through; the caller uses the folder and holds its claims. Where the destination
// refuses it, the folder stays as it was.
func (f *folder) carryDelete(ctx context.Context, w Writer, exists bool) error {
	rec := f.record()
	for try := 0; exists; try++ {
		err := w.Delete(ctx, rec.Name)
		if err == nil {
			break
		}
		gone, lerr := isGone(ctx, w, rec.Name)
		if lerr != nil { // it is found out when the destination is back
			return errors.Join(err, lerr)
		}
		if exists = !gone; gone || try == 0 && (uncertain(err) || unfounded(err)) {
			continue
		}
		if errors.Is(err, ErrNoFolder) {
			err = fmt.Errorf("%w: the destination says that a folder does not exist, and lists and opens it: %v", ErrUnavailable, err)
		}
		return errors.Join(err, f.edit(func(e *edit) error { e.record().Deleting = false; return nil }))
	}
	if len(ownSources(rec)) == 0 {
		return f.acct.dropFolder(f)
	}
	return f.bury()
}

// unfounded tells of a DELETE of a folder that is there that was refused as if it were not, or without a reason. Dovecot
// does so where another of its processes has not noticed yet that the folder before this one was deleted.
func unfounded(err error) bool {
	var e *Error
	return errors.Is(err, ErrNoFolder) || errors.As(err, &e) && e.Code == ""
}

// isGone asks the destination for a folder that it may have deleted. What is told of it is whited out then, so a NO to
// EXAMINE alone is not believed: a busy server may say it, too. Its LIST must lack the folder, or, as some go on listing
// what they have deleted while there is something below it, the NO must say that there is none.
func isGone(ctx context.Context, w Writer, name string) (bool, error) {
	_, err := w.Examine(ctx, name)
	if !declines(err) {
		return false, err
	}
	list, lerr := listedNow(ctx, w)
	if lerr != nil {
		return false, lerr
	}
	path := w.Path(name)
	return !existsAt(list, path) || errors.Is(err, ErrNoFolder) && len(listedBelow(list, path)) > 0, nil
}

// declines tells of a NO to EXAMINE that may mean that there is no such mailbox.
func declines(err error) bool {
	var e *Error
	return errors.Is(err, ErrNoFolder) || errors.As(err, &e) && e.Scope == FolderScope && e.Code == "" && e.Text != ""
}

// finishDeletes finds out what became of DELETEs that a kill or a cut left open.
func (a *account) finishDeletes(ctx context.Context, w Writer) error {
	for _, f := range a.all() {
		if !f.record().Deleting {
			continue
		}
		if err := a.finishDelete(ctx, f, w); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) finishDelete(ctx context.Context, f *folder, w Writer) error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	release, err := a.occupy(ctx, f)
	if err != nil {
		return err
	}
	defer release()
	rec := f.record()
	gone, err := isGone(ctx, w, rec.Name) // a server may list what it has deleted, if there is something below it
	if err != nil {
		return err
	}
	if gone {
		return f.carryDelete(ctx, w, false)
	}
	a.log.Info("a folder that was being deleted is still there", "folder", rec.Name)
	return f.edit(func(e *edit) error { e.record().Deleting = false; return nil })
}

// sparesChildren tells whether the destination leaves the folders below one that is deleted (RFC 3501 6.3.4), as it must.
// Their mail hangs on it, so it is tried out with empty folders before the first such DELETE.
func (a *account) sparesChildren(ctx context.Context, w Writer, list []Folder) (bool, error) {
	if known := a.e.spares.Load(); known != nil {
		return *known, nil
	}
	path := mapping.Path{trialName(list)}
	if prefix := w.Features().Prefix; prefix != "" {
		path = append(trimmed(w.Path(prefix)), path...)
	}
	child := append(path[:len(path):len(path)], "a")
	for _, p := range []mapping.Path{path, child} {
		if err := w.Create(ctx, w.Name(p)); err != nil {
			return false, errors.Join(err, a.endTrial(ctx, w, child, path))
		}
	}
	err := w.Delete(ctx, w.Name(path))
	after, lerr := listedNow(ctx, w)
	if lerr != nil {
		return false, lerr
	}
	is := err == nil && existsAt(after, child)
	if err == nil || !uncertain(err) {
		a.e.spares.Store(&is)
	}
	return is, errors.Join(err, a.endTrial(ctx, w, child, path))
}

// endTrial removes what is left of a trial.
func (a *account) endTrial(ctx context.Context, w Writer, paths ...mapping.Path) error {
	list, err := listedNow(ctx, w)
	if err != nil {
		return err
	}
	for _, p := range paths {
		if l := listedAt(list, p); l != nil && !hasAttr(l.Attrs, `\NonExistent`) {
			if err := w.Delete(ctx, l.Name); err != nil && selectable(l.Attrs) {
				if gone, _ := isGone(ctx, w, l.Name); !gone {
					return err
				}
			}
		}
	}
	return nil
}

// trialName is a name that nobody has.
func trialName(list []Folder) string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("Crossfade test %d", n)
		taken := false
		for _, l := range list {
			for _, s := range l.Path {
				taken = taken || s == name
			}
		}
		if !taken {
			return name
		}
	}
}

// trimmed is a path without empty segments at its end.
func trimmed(p mapping.Path) mapping.Path {
	for len(p) > 0 && p[len(p)-1] == "" {
		p = p[:len(p)-1]
	}
	return p
}
