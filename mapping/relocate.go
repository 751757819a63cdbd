package mapping

import "slices"

// relocate moves the source's role folders, with everything below them, to where the destination has or will
// get the folder of that role. A folder that stands there already falls together with it.
func (p *planner) relocate() {
	theirs := p.dest.roleFolders()
	target := map[Role]Path{}
	winner := map[Role]int{}
	taken := map[*spot]bool{}
	for _, role := range carried() {
		if role == Inbox { // always there under this name (RFC 3501 5.1)
			target[role] = Path{"INBOX"}
		} else if n := theirs[role]; n != nil {
			target[role] = n.Path
		} else if path := join(p.base.path(), created(role)); p.holds(path) {
			continue // that name is taken by a folder with another role
		} else {
			target[role] = path
		}
		if w := p.winner(role, target[role], taken); w >= 0 {
			winner[role], taken[p.at[w]] = w, true
		} else if theirs[role] == nil {
			delete(target, role)
		}
	}
	moved := map[Role]*spot{}
	for role, w := range winner {
		moved[role] = p.at[w]
		if !p.source.Folders[w].Path.IsInbox() {
			moved[role].detach()
		}
	}
	for _, role := range carried() {
		if target[role] == nil {
			continue
		}
		to := p.walk(target[role])
		to.role = role
		if w, ok := winner[role]; ok {
			to.winner = w + 1
			if moved[role] != to {
				to.merge(moved[role])
			}
		}
	}
}

// winner returns the one source folder that has the role, or -1: an attribute beats a name, then the path
// that the destination uses, then the order of the list. A place has one role (two raw names may decode to one
// path).
func (p *planner) winner(role Role, target Path, taken map[*spot]bool) int {
	best, rank := -1, 0
	for i := range p.source.Folders {
		if p.at[i] == nil || taken[p.at[i]] {
			continue
		}
		n := &p.source.Folders[i]
		r, byAttr := p.source.role(n)
		if r != role {
			continue
		}
		score := 1
		if p.nameKey(p.rel[i].Key()) == p.nameKey(target.Key()) {
			score++
		}
		if byAttr {
			score += 2
		}
		if n.Path.IsInbox() {
			score += 4
		}
		if score > rank {
			best, rank = i, score
		}
	}
	return best
}

// setAside renames the folders at the top that would be created under a default name although they do not
// have the role.
func (p *planner) setAside() {
	for _, k := range slices.Clone(p.base.kids) {
		if k.pinned {
			k = p.split(k)
		}
		if k != nil && p.reserved(k) {
			k.rename(SetAside(k.name), "the name is a default name of another folder")
		}
	}
}

// reserved tells whether a folder at the top may not be created under its name. A folder that the destination
// has already is not created.
func (p *planner) reserved(k *spot) bool {
	if !DefaultName(k.name) {
		return false
	}
	if k.group != "" { // it must not fall together with the folder of that name
		return true
	}
	if len(k.sources) == 0 { // only a parent: not created if the destination has folders below that name
		return p.above.find(p.final(k.path())) == nil
	}
	return !p.holds(k.path())
}

// holds tells whether the destination has a folder for messages at path.
func (p *planner) holds(path Path) bool {
	n := p.above.find(p.final(path))
	return n != nil && n.selectable()
}

// split takes the source's folders out of a spot that is only on the way to a role folder of the destination
// and that must not become a folder itself. It returns their new spot, or nil.
func (p *planner) split(k *spot) *spot {
	if k.role != "" || len(k.sources) == 0 || !p.reserved(k) {
		return nil
	}
	own := &spot{name: k.name, group: "split", sources: k.sources, why: k.why}
	k.sources = nil
	for _, c := range slices.Clone(k.kids) {
		if !c.pinned {
			c.detach()
			own.adopt(c)
		}
	}
	p.base.adopt(own)
	return own
}

// rename gives a spot another name.
func (s *spot) rename(name, why string) {
	s.name = name
	if s.why != "" {
		why = s.why + "; " + why
	}
	s.why = why
}
