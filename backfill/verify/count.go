package verify

import (
	"bytes"
	"slices"
	"sort"
)

// order sorts the destination's messages by their bytes: it makes a multiset of them.
func (j *comparison) order() {
	if j.above == nil {
		return
	}
	msgs := j.above.msgs
	j.byHash = make([]uint32, len(msgs))
	for i := range j.byHash {
		j.byHash[i] = uint32(i)
	}
	slices.SortFunc(j.byHash, func(x, y uint32) int {
		if c := bytes.Compare(msgs[x].hash[:], msgs[y].hash[:]); c != 0 {
			return c
		}
		return int(x) - int(y)
	})
}

// seekMissing looks whether the bytes of a copy that is not where it was are there all the same: a user may have
// moved it out and back.
func (j *comparison) seekMissing() {
	for i := range j.missing {
		l := j.missing[i]
		b, own := j.below[l.Box].at(l.Src), !j.head.borrowed(l.Box)
		hash, known := l.Hash, l.HasHash() && !j.quick
		if b != nil {
			hash, known = b.hash, true
		}
		if a := j.free(hash); known && a != nil {
			a.flags |= isUsed | isCopy
			j.report.Equal++
			j.done(own && b != nil)
			continue
		}
		j.report.Missing++
		j.name(KindMissing, l, nil, "", "")
	}
}

// free finds a message of these bytes on the destination that no link accounts for.
func (j *comparison) free(hash [16]byte) *found {
	if j.above == nil {
		return nil
	}
	msgs := j.above.msgs
	i := sort.Search(len(j.byHash), func(i int) bool { return bytes.Compare(msgs[j.byHash[i]].hash[:], hash[:]) >= 0 })
	for ; i < len(j.byHash) && msgs[j.byHash[i]].hash == hash; i++ {
		if m := &msgs[j.byHash[i]]; !m.has(isUsed) && m.has(isRead) {
			return m
		}
	}
	return nil
}

// doubled counts the multiset: what the destination has more often than the source does, and more often than links
// explain. Only a hash that stands there twice or more can be doubled.
func (j *comparison) doubled() {
	if j.above == nil {
		return
	}
	type group struct{ from, to, below int }
	groups := make(map[[16]byte]*group)
	msgs := j.above.msgs
	for i := 0; i < len(j.byHash); {
		h, k := msgs[j.byHash[i]].hash, i
		for k < len(j.byHash) && msgs[j.byHash[k]].hash == h {
			k++
		}
		if k-i > 1 {
			groups[h] = &group{from: i, to: k}
		}
		i = k
	}
	if len(groups) == 0 {
		return
	}
	for _, s := range j.below {
		for i := range s.msgs {
			if g := groups[s.msgs[i].hash]; g != nil && s.msgs[i].has(isRead) {
				g.below++
			}
		}
	}
	for i := 0; i < len(j.byHash); i++ { // in a stable order
		g := groups[msgs[j.byHash[i]].hash]
		if g == nil || g.from != i {
			continue
		}
		j.surplus(j.byHash[g.from:g.to], g.below)
	}
}

// surplus names the messages of one group that are there too often, those that came last. One that clients are shown
// as a message of its own is a twin: users copy mail within a folder, and another program may have brought it.
func (j *comparison) surplus(group []uint32, below int) {
	var spare []*found
	copies := 0
	for _, i := range group {
		m := &j.above.msgs[i]
		switch {
		case !m.has(isRead):
			return
		case m.has(isCopy):
			copies++
		default:
			spare = append(spare, m)
		}
	}
	need := max(below, copies)
	if need == 0 { // nothing of it is from the source
		return
	}
	for n := len(group) - need; n > 0 && len(spare) > 0; n-- {
		m := spare[len(spare)-1]
		spare = spare[:len(spare)-1]
		if m.has(isUsed) {
			j.report.Twins++
			j.name(KindTwin, Link{}, m, "", "")
			continue
		}
		m.flags |= isUsed
		j.report.Doubled++
		j.name(KindDoubled, Link{}, m, "", "")
	}
}
