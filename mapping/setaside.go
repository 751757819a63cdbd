package mapping

import (
	"slices"

	"crossfade/mapping/names"
)

// setAside ends the name under which a folder is created whose own name is a default name of some other folder:
// "Gesendet" becomes "Gesendet (old)". Cutting the ending off gives the name back.
const setAside = " (old)"

// setAside renames the folders at the top that would be created under a default name although they do not
// have the role.
func (p *planner) setAside() {
	for _, k := range slices.Clone(p.base.kids) {
		if k.pinned {
			k = p.split(k)
		}
		if k != nil && p.reserved(k) {
			k.rename(p.fit(k.name, setAside), "the name is a default name of another folder")
		}
	}
}

// reserved tells whether a folder at the top may not be created under its name. A folder that the destination
// has already is not created.
func (p *planner) reserved(k *spot) bool {
	if !names.Default(k.name) {
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
