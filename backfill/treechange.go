package backfill

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"crossfade/mapping"
)

// Clients change the tree one at a time: whoever does holds the account's tree, as a listing of both sides does, so that
// no listing is judged by records that are half changed. Of folders, sync is taken before writer, and those with a
// lower number first.

// changeTree runs a command about folders and lists both sides afterwards.
func (s *Session) changeTree(ctx context.Context, change func(w Writer) error) error {
	a := s.a
	if err := a.e.room(); err != nil {
		return err
	}
	if err := s.known(ctx); err != nil {
		return err
	}
	w, err := a.dest(ctx)
	if err != nil {
		return err
	}
	if err := a.tree.take(ctx); err != nil {
		return err
	}
	defer a.tree.release()
	if err := change(w); err != nil {
		a.wantTree() // what was left open is ended then
		return err
	}
	if err := a.relist(ctx); err != nil { // the command itself is done
		a.log.Warn("the folders could not be listed after a command", "err", err)
		a.wantTree()
	}
	return nil
}

// occupy keeps everybody else from talking to the servers about these folders until release.
func (a *account) occupy(ctx context.Context, fs ...*folder) (release func(), err error) {
	var held []*claim
	release = func() {
		for _, c := range slices.Backward(held) {
			c.release()
		}
	}
	sortFolders(fs)
	for _, claims := range []func(*folder) *claim{func(f *folder) *claim { return f.sync }, func(f *folder) *claim { return f.writer }} {
		for _, f := range fs {
			c := claims(f)
			if err := c.take(ctx); err != nil {
				release()
				return nil, err
			}
			held = append(held, c)
		}
	}
	return release, nil
}

// namedPath is where a name leads that no folder has, also in the source's spelling.
func (a *account) namedPath(w Writer, name string) (path mapping.Path, alias bool) {
	if path, ok := a.aliasPath(name); ok {
		return path, true
	}
	return trimmed(w.Path(name)), false
}

// changeHold is how long a command about folders waits for those who do something in them.
const changeHold = 10 * time.Second

// heldPause is how long it waits before it asks again whether somebody else's hold has ended.
const heldPause = 20 * time.Millisecond

// hold lets nobody into folders until release, and waits for those inside. It comes before the tree: who is inside may
// need that.
func hold(ctx context.Context, fs ...*folder) (release func(), err error) {
	short, cancel := context.WithTimeout(ctx, changeHold)
	defer cancel()
	var held []func()
	release = func() {
		for _, end := range slices.Backward(held) {
			end()
		}
	}
	for _, f := range fs { // they ascend
		end, err := f.passage.hold(short)
		for errors.Is(err, errHeld) && sleep(short, heldPause) == nil {
			end, err = f.passage.hold(short)
		}
		if err != nil {
			release()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, &Refusal{Code: "INUSE", Text: "another client is busy in this folder; try again in a moment"}
		}
		held = append(held, end)
	}
	return release, nil
}

// refusedName is what no folder can be called.
func refusedName(text string) error { return &Refusal{Code: "CANNOT", Text: text} }

// newPath is where a new folder of a client's name goes. A separator at the end only says that children will follow.
func (a *account) newPath(w Writer, name string) (mapping.Path, error) {
	sep := w.Features().Separator
	for sep != "" && len(name) > len(sep) && strings.HasSuffix(name, sep) {
		name = strings.TrimSuffix(name, sep)
	}
	if a.match(name) != nil {
		return nil, errExists
	}
	path, alias := a.namedPath(w, name)
	if alias {
		a.usedAlias()
	}
	switch {
	case len(path) == 0 || slices.Contains(path, ""):
		return nil, refusedName("a folder's name cannot be empty")
	case sep != "" && slices.ContainsFunc(path, func(s string) bool { return strings.Contains(s, sep) }):
		return nil, refusedName("a folder's name cannot hold the character " + sep + " here")
	case a.livePath(path) != nil:
		return nil, errExists
	}
	return path, nil
}

var errExists = &Refusal{Code: "ALREADYEXISTS", Text: "a folder of this name exists"}

// Create makes a folder on the destination. An alias of a folder that is shown exists already.
func (s *Session) Create(ctx context.Context, name string) error {
	made := ""
	err := s.changeTree(ctx, func(w Writer) error {
		path, err := s.a.newPath(w, name)
		if err != nil {
			return err
		}
		made = w.Name(path)
		return w.Create(ctx, made) // what is listed then is shown: see plan
	})
	if err == nil {
		s.a.noteMade(made)
	}
	return err
}

// listedNow lists the destination's folders.
func listedNow(ctx context.Context, w Writer) ([]Folder, error) {
	list, err := w.Folders(ctx)
	if err == nil {
		return list, nil
	}
	return nil, errors.Join(ErrUnavailable, err)
}

// listedAt finds a path among listed folders.
func listedAt(list []Folder, path mapping.Path) *Folder {
	for i := range list {
		if list[i].Path.Equal(path) {
			return &list[i]
		}
	}
	return nil
}

// existsAt tells whether a listing has a folder that can hold messages at a path.
func existsAt(list []Folder, path mapping.Path) bool {
	f := listedAt(list, path)
	return f != nil && selectable(f.Attrs)
}

// listedBelow are the folders of a listing below a path.
func listedBelow(list []Folder, path mapping.Path) (out []Folder) {
	for _, f := range list {
		if below(f.Path, path) {
			out = append(out, f)
		}
	}
	return out
}
