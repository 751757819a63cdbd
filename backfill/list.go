package backfill

import (
	"slices"
	"strings"

	"crossfade/mapping"
)

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
