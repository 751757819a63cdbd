package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// number spells names of children that are refused or too long in another way, and gives names of their own to children of one parent that the destination would take for one folder.
func (p *planner) number(s *spot) {
	p.strictly(s)
	p.shorten(s)
	byName := map[string][]*spot{}
	var order []string
	for _, k := range s.kids {
		key := p.nameKey(k.name)
		if byName[key] == nil {
			order = append(order, key)
		}
		byName[key] = append(byName[key], k)
	}
	for _, key := range order {
		same := byName[key]
		if len(same) == 1 {
			continue
		}
		first := slices.MaxFunc(same, func(a, b *spot) int { return p.claim(a) - p.claim(b) })
		n := 1
		for _, k := range same {
			if k == first || k.pinned {
				continue
			}
			name := k.name
			for taken := true; taken; _, taken = byName[p.nameKey(name)] {
				n++
				plain := p.fit(k.name, fmt.Sprintf(" (%d)", n))
				if name = p.spelled(s, plain); name != plain {
					k.strict = true
				}
			}
			byName[p.nameKey(name)] = []*spot{k}
			k.rename(name, "another folder has the same name")
		}
	}
	for _, k := range s.kids {
		p.number(k)
	}
}

// nameKey is equal for names that the destination takes for one.
func (p *planner) nameKey(name string) string {
	if p.fold {
		return foldCase(name)
	}
	return name
}

// claim ranks spots that want the same name, of which the first keeps it: the destination's own, then one in
// the source's ordinary place, then one spelt exactly as a folder there, then one with the source's spelling.
func (p *planner) claim(k *spot) int {
	rank := 0
	if k.why == "" {
		rank = 1
	}
	if p.above.exact[p.final(k.path()).Key()] != nil {
		rank += 2
	}
	if k.group == "" {
		rank += 4
	}
	if k.pinned {
		rank += 8
	}
	return rank
}

// final is the path as the destination can hold it: one segment where it has no hierarchy.
func (p *planner) final(path Path) Path {
	if p.flat && len(path) > 1 {
		return Path{strings.Join(path, p.sep)}
	}
	return path
}

// decide writes the decisions for a spot at path and all below it. why is why the folders above are spelt in
// another way than on the source.
func (p *planner) decide(s *spot, path Path, why string, strict bool) {
	strict = strict || s.strict
	if s.why != "" {
		why = s.why
	}
	dest, name, kind := p.final(path), "", Create
	n := p.above.find(dest)
	if n != nil {
		dest = n.Path
		if !p.flat { // the children are spelt as the server spells the parent
			path = n.Path
		}
	}
	switch {
	case n != nil && n.selectable():
		name, kind = n.Name, Existing
	case dest.IsInbox(): // always there (RFC 3501 5.1), listed or not
		name, kind = "INBOX", Existing
	}
	for _, i := range s.sources {
		p.out[i] = Decision{
			Source: p.source.Folders[i].Name, Dest: dest, DestName: name, Kind: kind,
			Role: s.role, Escaped: why != "", Strict: strict, Why: p.explain(s, i, why),
		}
	}
	if i := p.primary(s, dest); i >= 0 {
		p.out[i].Primary = true
	}
	for _, k := range s.kids {
		p.decide(k, join(path, k.name), why, strict)
	}
}

// primary returns the source folder that gives the spot its identity: the one with the equal path, else the
// winner of the role, else the first; -1 without folders.
func (p *planner) primary(s *spot, dest Path) int {
	slices.Sort(s.sources)
	for _, i := range s.sources {
		if p.final(p.rel[i]).Equal(dest) {
			return i
		}
	}
	if s.winner > 0 {
		return s.winner - 1
	}
	if len(s.sources) > 0 {
		return s.sources[0]
	}
	return -1
}

// explain says in a few words why source folder i comes here.
func (p *planner) explain(s *spot, i int, why string) string {
	var words []string
	switch read := p.read[i]; {
	case s.role == "":
		words = append(words, "its own name")
	case read.Role != s.role:
		words = append(words, "it has the name of the folder for "+string(s.role))
	case read.Evidence == ByProtocol:
		words = append(words, "INBOX")
	case read.Evidence == ByFamily:
		words = append(words, "on "+p.family.String()+" its name says "+string(s.role))
	default:
		words = append(words, read.Evidence.says()+" "+string(s.role))
	}
	if len(s.sources) > 1 {
		words = append(words, "merged with others")
	}
	if why != "" {
		words = append(words, why)
	}
	return strings.Join(words, "; ")
}

// tell adds to each decision what the folder was taken for.
func (p *planner) tell() {
	for i := range p.out {
		d := &p.out[i]
		d.Read, d.Given = p.read[i], p.given[i]
		if d.Read.Role != "" && !d.Read.Role.Carried() {
			d.Given = p.firstOf(d.Read.Role) == i
		}
	}
}

// firstOf returns the folder with the strongest evidence for a role that is not carried, -1 without one.
func (p *planner) firstOf(role Role) int {
	best := -1
	for i, r := range p.read {
		if r.Role == role && (best < 0 || r.Evidence.weight() > p.read[best].Evidence.weight()) {
			best = i
		}
	}
	return best
}
