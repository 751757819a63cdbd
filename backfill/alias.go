package backfill

import (
	"context"
	"slices"
	"strings"

	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// The source's old paths go on leading to the folders that they are blended into: `INBOX.Gesendet` is an alias of `Sent
// Items`. So does every name under the source's prefix, in the source's separator: what a client that has the prefix set
// makes as `INBOX.Neu` is `Neu`, and what it makes below an alias goes below the mapped folder. A real folder always wins
// over an alias. Aliases are not listed, but to those who ask under the source's prefix.

// oldWorld is how names are spelt on the source.
type oldWorld struct {
	sep, prefix string
	root        mapping.Path // the prefix as a path
	newRoot     mapping.Path // the destination's
}

// oldWorld is known once the source was listed in this run of the program.
func (a *account) oldWorld() (o oldWorld, ok bool) {
	a.mu.Lock()
	info := a.treeInfo
	a.mu.Unlock()
	for _, f := range info.source {
		if f.Separator != "" {
			o.sep = f.Separator
		}
	}
	if o.sep == "" {
		return o, false
	}
	o.prefix = info.sourcePrefix
	if o.prefix != "" {
		o.root = trimmed(o.split(o.prefix))
	}
	if info.destPrefix != "" && info.sep != "" {
		o.newRoot = trimmed(splitName(info.destPrefix, info.sep))
	}
	return o, true
}

func (o *oldWorld) split(name string) mapping.Path { return splitName(name, o.sep) }

// splitName decodes a name whose levels are kept apart by sep.
func splitName(name, sep string) mapping.Path {
	var path mapping.Path
	for s := range strings.SplitSeq(name, sep) {
		path = append(path, imapwire.DecodeMailbox(s))
	}
	if path.IsInbox() || len(path) > 1 && strings.EqualFold(path[0], "INBOX") {
		path[0] = "INBOX"
	}
	return path
}

// join spells a path as the source would; not ok if a segment cannot be spelt.
func (o *oldWorld) join(path mapping.Path) (name string, ok bool) {
	segments := make([]string, len(path))
	for i, s := range path {
		if segments[i] = imapwire.EncodeMailbox(s); s == "" || strings.Contains(segments[i], o.sep) {
			return "", false
		}
	}
	return strings.Join(segments, o.sep), true
}

// aliasPath is where a name in the source's spelling leads, whether or not there is a folder; not ok if it is none.
func (a *account) aliasPath(name string) (mapping.Path, bool) {
	o, ok := a.oldWorld()
	if !ok {
		return nil, false
	}
	path := trimmed(o.split(name))
	if slices.Contains(path, "") {
		return nil, false
	}
	if path.IsInbox() {
		return path, true
	}
	under := len(o.root) > 0 && below(path, o.root)
	for n := len(path); n > 0; n-- {
		f, raw := a.shownSource(path[:n])
		if f == nil || f.inbox && under {
			continue
		}
		if rec := f.record(); !sameName(raw, rec.Name) {
			return moveBelow(path, path[:n], rec.Path), true
		}
	}
	if under {
		return moveBelow(path, o.root, o.newRoot), true
	}
	return nil, false
}

// aliasOf is a name in the source's spelling that leads to a folder, or level, that no source folder has the name of.
func (a *account) aliasOf(o *oldWorld, path mapping.Path) (string, bool) {
	old := mapping.Path(nil)
	for n := len(path) - 1; n > 0 && old == nil; n-- {
		if f := a.livePath(path[:n]); f != nil && !f.inbox {
			rec := f.record()
			if own := ownSources(rec); len(own) > 0 && len(rec.Sources[own[0]].Path) > 0 {
				old = moveBelow(path, path[:n], rec.Sources[own[0]].Path)
			}
		}
	}
	if old == nil && len(o.root) > 0 && (len(o.newRoot) == 0 || below(path, o.newRoot)) && !path[:1].IsInbox() {
		old = moveBelow(path, o.newRoot, o.root)
	}
	name, ok := o.join(old)
	if !ok || len(old) == 0 {
		return "", false
	}
	back, ok := a.aliasPath(name)
	return name, ok && back.Equal(path)
}

// AliasTree is the tree in the source's spelling.
type AliasTree struct {
	Separator string
	Entries   []ListEntry // none of a real folder's name
}

// Aliases answers a LIST or LSUB whose reference or pattern is under the source's prefix: a client that has it set would
// otherwise take its tree for empty. patterns begin with the reference. Others are answered with no entries.
func (s *Session) Aliases(_ context.Context, reference string, patterns []string) (AliasTree, error) {
	o, ok := s.a.oldWorld()
	if !ok {
		return AliasTree{}, nil
	}
	root := o.isRoot(reference)
	if !root && !slices.ContainsFunc(patterns, func(p string) bool { return strings.Contains(p, o.sep) }) {
		return AliasTree{}, nil
	}
	t := AliasTree{Separator: o.sep, Entries: s.a.aliases(&o)}
	if !root && !slices.ContainsFunc(patterns, func(p string) bool { return o.asks(p, t.Entries) }) {
		return AliasTree{}, nil
	}
	s.a.usedAlias()
	return t, nil
}

// isRoot tells whether a reference is the source's prefix, as it may be spelt without its separator.
func (o *oldWorld) isRoot(reference string) bool {
	return o.prefix != "" && reference != "" && strings.EqualFold(strings.TrimSuffix(reference, o.sep), strings.TrimSuffix(o.prefix, o.sep))
}

// asks tells whether a pattern is meant in the source's spelling: it begins with its prefix, or with part of an alias that
// has the source's separator in it.
func (o *oldWorld) asks(pattern string, entries []ListEntry) bool {
	head := pattern
	if i := strings.IndexAny(pattern, "*%"); i >= 0 {
		head = pattern[:i]
	}
	if n := len(o.prefix); n > 0 && len(head) >= n && strings.EqualFold(head[:n], o.prefix) {
		return true
	}
	return strings.Contains(head, o.sep) && slices.ContainsFunc(entries, func(e ListEntry) bool {
		return strings.HasPrefix(e.Name, head)
	})
}

// aliases are the names in the source's spelling of all that is shown.
func (a *account) aliases(o *oldWorld) (out []ListEntry) {
	list := a.list()
	seen := make(map[string]bool, 2*len(list))
	for _, e := range list {
		seen[e.Name] = true
	}
	add := func(e ListEntry, name string) {
		if !seen[name] {
			seen[name] = true
			e.Name = name
			out = append(out, e)
		}
	}
	for _, e := range list {
		f := a.matchRaw(e.Name)
		if f != nil && f.inbox || f == nil && !e.Subscribed { // levels are added by whoever lists
			continue
		}
		if f != nil && len(ownSources(f.record())) > 0 {
			for _, b := range ownSources(f.record()) {
				add(e, f.record().Sources[b].Name)
			}
			continue
		}
		if name, ok := a.aliasOf(o, a.pathOf(e.Name)); ok {
			add(e, name)
		}
	}
	return out
}

// pathOf decodes a name of the tree that clients see.
func (a *account) pathOf(name string) mapping.Path {
	a.mu.Lock()
	sep := a.treeInfo.sep
	a.mu.Unlock()
	if sep == "" {
		return mapping.Path{imapwire.DecodeMailbox(name)}
	}
	return splitName(name, sep)
}
