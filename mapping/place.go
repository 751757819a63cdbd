package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// skip decides that a source folder is not moved.
func (p *planner) skip(i int, why string) {
	p.out[i] = Decision{Source: p.source.Folders[i].Name, Kind: Skip, Why: why}
}

// place puts one source folder into the tree to be, under its own name.
func (p *planner) place(i int) {
	n := &p.source.Folders[i]
	switch {
	case len(n.Path) == 0 || n.Name == "":
		p.skip(i, "it has no name")
		return
	case len(n.Path) > maxDepth:
		p.skip(i, fmt.Sprintf("it lies more than %d levels deep", maxDepth))
		return
	case !n.selectable():
		p.skip(i, "it holds no messages, only folders")
		return
	case p.source.foreign(n) && p.read[i].Evidence != ByOverride:
		p.skip(i, "it belongs to another user or is shared (an override moves it)")
		return
	case p.read[i].Role.View() && p.read[i].Evidence == ByAttribute: // a mere name may be a folder's that holds its own mail
		why := fmt.Sprintf("it shows messages of other folders again (%s)", p.read[i].Role)
		if p.read[i].Role == All {
			why += "; what is in no other folder is not moved"
		}
		p.skip(i, why)
		return
	}
	parent, first, rel := p.start(n.Path)
	for k, seg := range rel {
		name := EscapeSegment(seg, p.sep)
		if strings.Contains(name, p.sep) { // no known server: a separator that escapes are made of
			p.skip(i, fmt.Sprintf("%q cannot be spelt beside the separator %q", seg, p.sep))
			return
		}
		rel[k] = name
	}
	p.rel[i] = join(parent.path(), rel...)
	for k, name := range rel {
		group := ""
		if k == 0 {
			group = first
		}
		parent = parent.child(group, name)
		if seg := UnescapeSegment(name); seg != name {
			parent.why = fmt.Sprintf("%q cannot stand in a name there", seg)
		}
	}
	parent.sources = append(parent.sources, i)
	p.at[i] = parent
}

// start tells below which spot a source path begins, in which group of names, and what is left of it. Names
// of different groups never fall together unmeant: folders outside the source's prefix, and children of INBOX
// where the destination keeps all folders below INBOX.
func (p *planner) start(path Path) (*spot, string, Path) {
	inbox := p.root.child("", "INBOX")
	inbox.pinned, inbox.role = true, Inbox
	rel, inside := p.source.below(path)
	switch {
	case path.IsInbox():
		return inbox, "", nil
	case path[:1].IsInbox() && len(rel) == len(path):
		group := ""
		if inbox == p.base {
			group = "inbox"
		}
		return inbox, group, join(rel[1:])
	case !inside:
		return p.base, "outside", join(rel)
	case p.base == p.root && rel[:1].IsInbox(): // "INBOX.INBOX": a folder of that name, not the inbox
		return p.base, "doubled", join(rel)
	}
	return p.base, "", join(rel)
}

// walk goes down a path of the destination's own, making spots on the way.
func (p *planner) walk(path Path) *spot {
	s := p.root
	for i, name := range path {
		if i == 0 && path[:1].IsInbox() {
			name = "INBOX"
		}
		if p.fold {
			name = s.spelling(name)
		}
		to := s.child("", name)
		to.pinned = true
		if p.fold {
			s.unite(to)
		}
		s = to
	}
	return s
}

// spelling is how a child that is pinned already spells name, else name.
func (s *spot) spelling(name string) string {
	for _, k := range s.kids {
		if k.pinned && k.group == "" && foldCase(k.name) == foldCase(name) {
			return k.name
		}
	}
	return name
}

// unite merges the children whose names differ from that of to in case only into it.
func (s *spot) unite(to *spot) {
	for _, k := range slices.Clone(s.kids) {
		if k != to && k.group == "" && !k.pinned && foldCase(k.name) == foldCase(to.name) {
			k.detach()
			to.merge(k)
		}
	}
}
