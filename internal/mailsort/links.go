package mailsort

// Link is what a message says of its place in a thread.
type Link struct {
	Own  ID   // its Message-ID; zero if it has none
	Refs []ID // those it refers to, the oldest first
}

// Links is a column of links, in which each id is a small number. Its zero value is empty.
type Links struct {
	uids []uint32
	own  []uint32 // number of the message's own id, 0 for none
	ends []uint32 // where in refs the message's references end
	refs []uint32
	ids  []ID // ids[n-1] has the number n
}

// With returns the column with more messages, in ascending order; those it has stay as they are.
func (c *Links) With(uids []uint32, links []Link) *Links {
	n := len(c.uids) + len(uids)
	out := &Links{uids: make([]uint32, 0, n), own: make([]uint32, 0, n), ends: make([]uint32, 0, n), refs: make([]uint32, 0, len(c.refs)+len(uids)), ids: append([]ID(nil), c.ids...)}
	numbers := make(map[ID]uint32, len(c.ids)+len(uids))
	for i, id := range c.ids {
		numbers[id] = uint32(i) + 1
	}
	number := func(id ID) uint32 {
		if id == (ID{}) {
			return 0
		}
		n, ok := numbers[id]
		if !ok {
			out.ids = append(out.ids, id)
			n = uint32(len(out.ids))
			numbers[id] = n
		}
		return n
	}
	merge(c.uids, uids, func(uid uint32, i, j int) {
		out.uids = append(out.uids, uid)
		if i >= 0 {
			out.own = append(out.own, c.own[i])
			out.refs = append(out.refs, c.references(i)...)
		} else {
			out.own = append(out.own, number(links[j].Own))
			for _, id := range links[j].Refs {
				out.refs = append(out.refs, number(id))
			}
		}
		out.ends = append(out.ends, uint32(len(out.refs)))
	})
	return out
}

// references are the numbers that the message at a place refers to.
func (c *Links) references(at int) []uint32 {
	from := uint32(0)
	if at > 0 {
		from = c.ends[at-1]
	}
	return c.refs[from:c.ends[at]]
}

// UIDs implements Column.
func (c *Links) UIDs() []uint32 { return c.uids }

// Values implements Column; links have no order.
func (c *Links) Values(uids []uint32) []int64 { return make([]int64, len(uids)) }

// Bytes implements Column.
func (c *Links) Bytes() int64 {
	return int64(12*cap(c.uids)) + int64(4*cap(c.refs)) + int64(len(ID{})*cap(c.ids))
}
