package mapping

import "slices"

// spot is one place in the tree to be. Its name is spelt for the destination.
type spot struct {
	name    string
	group   string // keeps names apart that must not fall together; "" for most
	parent  *spot
	kids    []*spot
	byKey   map[string]*spot
	sources []int  // indexes of the source folders that come here
	role    Role   // the destination's role folder stands here
	winner  int    // 1 + the index of the source folder with that role
	strict  bool   // the destination refuses the plain name
	pinned  bool   // the name is the destination's own and may not be changed
	why     string // why the name is not the source's
}

func kidKey(group, name string) string { return group + "\x00" + name }

// child returns the child of that group and name, made if need be.
func (s *spot) child(group, name string) *spot {
	if k := s.byKey[kidKey(group, name)]; k != nil {
		return k
	}
	k := &spot{name: name, group: group}
	s.adopt(k)
	return k
}

// adopt makes k a child of s.
func (s *spot) adopt(k *spot) {
	if s.byKey == nil {
		s.byKey = map[string]*spot{}
	}
	k.parent = s
	s.kids = append(s.kids, k)
	s.byKey[kidKey(k.group, k.name)] = k
}

// detach takes s with everything below it out of its parent.
func (s *spot) detach() {
	p := s.parent
	p.kids = slices.DeleteFunc(p.kids, func(k *spot) bool { return k == s })
	delete(p.byKey, kidKey(s.group, s.name))
	s.parent = nil
}

// merge moves the folders and children of a detached spot to s; equal children merge too.
func (s *spot) merge(from *spot) {
	s.sources = append(s.sources, from.sources...)
	for _, k := range slices.Clone(from.kids) {
		old := s.byKey[kidKey(k.group, k.name)]
		if old == nil {
			k.detach()
			s.adopt(k)
			continue
		}
		old.merge(k)
		old.pinned = old.pinned || k.pinned
		if old.why == "" {
			old.why = k.why
		}
	}
}

// path returns the names from the root down to s.
func (s *spot) path() Path {
	var p Path
	for ; s.parent != nil; s = s.parent {
		p = append(p, s.name)
	}
	slices.Reverse(p)
	return p
}

// inside tells whether s lies below another spot.
func (s *spot) inside(other *spot) bool {
	for ; s != nil; s = s.parent {
		if s == other {
			return true
		}
	}
	return false
}
