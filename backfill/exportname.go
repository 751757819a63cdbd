package backfill

import (
	"slices"
	"strings"

	"crossfade/backfill/export"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// exportName is a folder under the name that it has on the source, or would have.
func (a *account) exportName(f *folder) export.Named {
	rec := f.record()
	out := export.Named{ID: f.id, Name: rec.Name, UIDValidity: rec.DestUIDValidity}
	if own := ownSources(rec); len(own) > 0 {
		out.Source, out.Path = rec.Sources[own[0]].Name, rec.Sources[own[0]].Path
		out.Target = out.Source
		return out
	}
	out.Path = a.pathBelow(rec.Path)
	segments := make([]string, len(out.Path))
	for i, s := range out.Path {
		segments[i] = imapwire.EncodeMailbox(s)
	}
	out.Target = strings.Join(segments, a.separatorBelow())
	return out
}

// separatorBelow is the source's hierarchy separator.
func (a *account) separatorBelow() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.treeInfo.source {
		if f.Separator != "" {
			return f.Separator
		}
	}
	return "/"
}

// pathBelow is where the source would have a folder that only the destination has: below the same parent, else at the
// top of what is the user's own there.
func (a *account) pathBelow(path mapping.Path) mapping.Path {
	if path.IsInbox() {
		return path
	}
	for n := len(path) - 1; n > 0; n-- {
		for _, f := range a.all() {
			rec := f.record()
			if own := ownSources(rec); len(own) > 0 && rec.Path.Equal(path[:n]) {
				return append(slices.Clone(rec.Sources[own[0]].Path), path[n:]...)
			}
		}
	}
	a.mu.Lock()
	prefix := a.treeInfo.sourcePrefix
	a.mu.Unlock()
	if len(prefix) > 1 { // its last byte is the separator: "INBOX."
		return append(mapping.Path{prefix[:len(prefix)-1]}, path...)
	}
	return path
}
