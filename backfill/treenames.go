package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"crossfade/mapping"
	"crossfade/store"
)

// A destination may refuse a name because of the signs in it: Cyrus takes no "{" and no "%". Which ones it takes nobody tells
// but a CREATE. So a new folder whose name holds signs that servers are known to refuse is made before anything is recorded
// of it and before any client is shown its name; if it is refused and made under the strict spelling of its name, that is its
// name. What is made is found in the next listing, under either name: so after a crash nothing is made twice.

// tryNames makes new folders whose names the destination may refuse, and returns the decisions that take account of what it
// refused. Which signs it takes is learned on the way: a server that takes them all is asked about each of them once.
func (a *account) tryNames(ctx context.Context, info treeInfo, known map[string]bool, w Writer) ([]mapping.Decision, error) {
	decided := a.decide(info)
	if a.rebuilding() || a.e.room() != nil {
		return decided, nil
	}
	t := nameTrial{a: a, w: w, info: info, tried: make(map[string]bool), refused: make(map[string]bool), taken: make(map[rune]bool)}
	for path := t.next(decided, known); path != nil; path = t.next(decided, known) {
		before := len(t.refused)
		if err := t.try(ctx, path); err != nil {
			return nil, err
		}
		if len(t.refused) > before {
			opt := a.e.opt.Folders
			opt.Refused = t.refused
			decided = a.decideBy(info, opt)
		}
	}
	return decided, nil
}

// nameTrial is what one look at the tree has found out about names.
type nameTrial struct {
	a       *account
	w       Writer
	info    treeInfo
	tried   map[string]bool // by path
	refused map[string]bool // names of one level
	taken   map[rune]bool   // signs in names that were taken
}

// strict spells those levels of a path strictly that the destination does not have yet; the same path if there is nothing
// in them that it may refuse.
func (t *nameTrial) strict(path mapping.Path) mapping.Path {
	out := slices.Clone(path)
	for i := range out {
		above := path[:i+1]
		there := slices.ContainsFunc(t.info.dest, func(f Folder) bool { return len(f.Path) > i && f.Path[:i+1].Equal(above) })
		if !there && (!t.tried[above.Key()] || i == len(path)-1) {
			out[i] = mapping.Strict(path[i], t.info.sep, t.a.e.opt.Folders.NameLimit)
		}
	}
	return out
}

// endBlank stands for a blank at the end of a name, or at its beginning, among signs.
const endBlank = utf8.MaxRune

// signs are the signs in a path's levels that a destination may refuse.
func (t *nameTrial) signs(path, strict mapping.Path) (out []rune) {
	for i, name := range path {
		if strict[i] == name {
			continue
		}
		for _, r := range name {
			if s := string(r); mapping.Strict("x"+s+"x", t.info.sep, 0) != "x"+s+"x" {
				out = append(out, r)
			}
		}
		if strings.Trim(name, " ") != name {
			out = append(out, endBlank)
		}
	}
	return out
}

// next is the path of a new folder whose name is to be tried, parents first; nil if there is none.
func (t *nameTrial) next(decided []mapping.Decision, known map[string]bool) (path mapping.Path) {
	paths := make(map[string]mapping.Path, len(t.info.source))
	for _, l := range t.info.source {
		paths[l.Name] = l.Path
	}
	for _, d := range decided {
		if d.Kind != mapping.Create || known[d.Source] || t.tried[d.Dest.Key()] || path != nil && len(path) <= len(d.Dest) {
			continue
		}
		strict := t.strict(d.Dest)
		all := !slices.ContainsFunc(t.signs(d.Dest, strict), func(r rune) bool { return !t.taken[r] })
		if all || !t.a.placed(d.Dest, paths[d.Source], decided).Equal(d.Dest) {
			continue
		}
		path = d.Dest
	}
	return path
}

// try makes a folder under its own name, or else under the strict one.
func (t *nameTrial) try(ctx context.Context, path mapping.Path) error {
	strict := t.strict(path)
	plain := t.make(ctx, path)
	if plain == nil {
		for _, r := range t.signs(path, strict) {
			t.taken[r] = true
		}
	}
	t.tried[path.Key()] = true
	if plain == nil || !aboutName(plain) {
		return unavailable(plain)
	}
	if err := t.make(ctx, strict); err != nil { // it is not these signs: the folder's own turn says what it is
		return unavailable(err)
	}
	t.tried[strict.Key()] = true
	for i := range path {
		if strict[i] != path[i] {
			t.refused[path[i]] = true
		}
	}
	t.a.log.Info("the destination refuses a folder's name, and takes another spelling of it", "folder", path.String(), "made", strict.String(), "why", plain)
	return nil
}

// make is CREATE; a folder that is there is well. It is made once more in its own turn, and then is there.
func (t *nameTrial) make(ctx context.Context, path mapping.Path) error {
	err := t.w.Create(ctx, t.w.Name(path))
	if isCode(err, "ALREADYEXISTS") {
		return nil
	}
	return err
}

// aboutName tells a refusal of a CREATE that may be about the name, and not about rights, room or the moment.
func aboutName(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Scope <= FolderScope && e.Text != "" && (e.Code == "" || e.Code == "CANNOT" || e.Code == "NONEXISTENT")
}

// unavailable keeps an error that another try of the whole listing may be without.
func unavailable(err error) error {
	if err != nil && (IsUnavailable(err) || errors.Is(err, ErrUncertain) || errors.Is(err, context.Canceled)) {
		return err
	}
	return nil
}

// noteNames tells of folders that are spelt strictly.
func (a *account) noteNames(decided []mapping.Decision, paths map[string]mapping.Path) {
	for _, d := range decided {
		if !d.Strict {
			continue
		}
		f := a.livePath(d.Dest)
		if f == nil || !slices.ContainsFunc(f.record().Sources, func(s store.SourceBox) bool { return s.Name == d.Source }) {
			continue
		}
		f.setNote("name", fmt.Sprintf("the destination refuses the name of %q: it is called %q there, and the old name leads to it as long as both servers are blended", paths[d.Source].String(), strings.Join(d.Dest, " / ")))
	}
}
