package mapping

import "slices"

// relocate moves the source's role folders, with everything below them, to where the destination has or will
// get the folder of that role. A folder that stands there already falls together with it, and so does every other
// folder that surely has the role: nobody wants two folders for sent mail.
func (p *planner) relocate() {
	theirs, tongues := p.roleFolders(), p.tongues()
	target := map[Role]Path{}
	winner := map[Role]int{}
	taken := map[*spot]bool{}
	for _, role := range carried() {
		if role == Inbox { // always there under this name (RFC 3501 5.1)
			target[role] = Path{"INBOX"}
		} else if n := theirs[role]; n != nil {
			target[role] = n.Path
		} else if target[role] = p.home(role, tongues); target[role] == nil {
			continue
		}
		if w := p.winner(role, target[role], taken); w >= 0 {
			winner[role], taken[p.at[w]] = w, true
			p.given[w] = true
		} else if theirs[role] == nil {
			delete(target, role)
		}
	}
	moved, home := map[Role]*spot{}, map[Role]*spot{}
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
			home[role] = to
		}
	}
	for _, role := range carried() { // now that every target stands in its place
		if to := home[role]; to != nil {
			p.unify(role, winner[role], to)
		}
	}
}

// home is where the folder of a role is created: under its title in the destination's language, or under SmarterMail's
// where that is taken; nil where a folder of another role has SmarterMail's. Whether it is created does not hang on the
// language, which the folders that a plan creates may shift.
func (p *planner) home(role Role, tongues []string) Path {
	english := join(p.base.path(), created(role))
	if p.holds(english) {
		return nil
	}
	if own := title(role, tongues); own != "" {
		if path := join(p.base.path(), own); !p.holds(path) {
			return path
		}
	}
	return english
}

// winner returns the one source folder that has the role, or -1: the stronger evidence wins, then the path that the
// destination uses, then the order of the list. A place has one role (two
// raw names may decode to one path).
func (p *planner) winner(role Role, target Path, taken map[*spot]bool) int {
	best, rank := -1, 0
	for i := range p.source.Folders {
		if p.at[i] == nil || taken[p.at[i]] || p.read[i].Role != role {
			continue
		}
		if p.stays(i, target) {
			continue
		}
		score := 2 * p.read[i].Evidence.weight()
		if p.nameKey(p.rel[i].Key()) == p.nameKey(target.Key()) {
			score++
		}
		if score > rank {
			best, rank = i, score
		}
	}
	return best
}

// stays tells of a folder that the destination has in its very place, where it is not the default folder that its name
// makes it here: by elimination, as the inbox, or from below INBOX.
func (p *planner) stays(i int, target Path) bool {
	rel := p.rel[i]
	if p.read[i].Evidence.weight() > ByName.weight() || !p.holds(rel) || p.nameKey(rel.Key()) == p.nameKey(target.Key()) {
		return false
	}
	_, below := p.source.topName(&p.source.Folders[i])
	return below || p.read[i].Role == Inbox || p.read[i].Evidence == ByRest
}

// unify puts the other folders that surely have the role to the winner w at to, whether or not the destination has
// folders of their names: what a plan creates for one folder must not change what it decides for another.
func (p *planner) unify(role Role, w int, to *spot) {
	for i := range p.source.Folders {
		k := p.at[i]
		if i == w || k == nil || k == to || p.read[i].Role != role || !p.read[i].sure() {
			continue
		}
		if k.role != "" || k.winner > 0 || k.pinned || k.parent == nil || k.inside(to) || to.inside(k) {
			continue
		}
		k.detach()
		to.merge(k)
		for j, s := range p.at { // folders of one place move together
			if s == k {
				p.at[j] = to
			}
		}
	}
}

// roleFolders returns the destination's folder of each role: the stronger evidence wins, then one below the prefix,
// then the spelling that would be created, then the order.
func (p *planner) roleFolders() map[Role]*Node {
	found := map[Role]*Node{}
	rank := map[Role]int{}
	for i := range p.dest.Folders {
		n, read := &p.dest.Folders[i], p.theirs[i]
		if len(n.Path) == 0 || len(n.Path) > maxDepth || !n.selectable() || p.dest.foreign(n) || slices.Contains(n.Path, "") {
			continue
		}
		if _, below := p.dest.topName(n); below && read.Evidence.weight() <= ByName.weight() {
			continue // a child of INBOX is nobody's default folder there
		}
		if read.Evidence == ByNumber || read.Evidence == ByRest {
			continue // what a plan itself creates there must not change what it decides
		}
		r := 4 * read.Evidence.weight()
		if rel, inside := p.dest.below(n.Path); inside {
			r++
			if len(rel) == 1 && rel[0] == created(read.Role) {
				r++
			}
		}
		if read.Role != "" && r > rank[read.Role] {
			found[read.Role], rank[read.Role] = n, r
		}
	}
	return found
}
