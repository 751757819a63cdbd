package mapping

import (
	"slices"
	"strings"
)

// relocate moves the source's role folders, with everything below them, to where the destination has or will
// get the folder of that role. A folder that stands there already falls together with it.
func (p *planner) relocate() {
	theirs := p.dest.roleFolders()
	target := map[Role]Path{}
	winner := map[Role]int{}
	taken := map[*spot]bool{}
	for _, role := range carried() {
		if n := theirs[role]; n != nil {
			target[role] = n.Path
		} else if role == Inbox {
			target[role] = Path{"INBOX"}
		} else {
			target[role] = join(p.base.path(), created(role))
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
		if p.rel[i].Equal(target) {
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
// have the role. "Sent (old)" gives way when "Sent" becomes it.
func (p *planner) setAside() {
	kids := map[string]*spot{}
	var queue []*spot
	for _, k := range p.base.kids {
		if k.pinned {
			continue
		}
		if k.group == "" {
			kids[k.name] = k
		}
		if p.reserved(k) {
			queue = append(queue, k)
		}
	}
	done := map[*spot]bool{}
	for len(queue) > 0 {
		k := queue[0]
		queue = queue[1:]
		if done[k] {
			continue
		}
		done[k] = true
		if next := kids[SetAside(k.name)]; next != nil {
			queue = append(queue, next)
		}
	}
	for _, k := range slices.Clone(p.base.kids) {
		if done[k] {
			k.rename(SetAside(k.name), "the name is a default name of another folder")
		}
	}
}

// reserved tells whether a folder at the top may not be created under its name. A folder that the destination
// has already is not created.
func (p *planner) reserved(k *spot) bool {
	if strings.EqualFold(k.name, "INBOX") {
		return true
	}
	if !DefaultName(k.name) {
		return false
	}
	n := p.above.find(p.final(k.path()))
	return n == nil || !n.selectable()
}

// rename gives a spot another name.
func (s *spot) rename(name, why string) {
	s.name = name
	if s.why != "" {
		why = s.why + "; " + why
	}
	s.why = why
}
