package mailsort

import (
	"maps"
	"slices"
	"unsafe"
)

// Column holds one key of some messages. It never changes.
type Column interface {
	// UIDs of the messages, ascending; not to be written to.
	UIDs() []uint32
	// Values are numbers that order as the key does, one for each of the ascending uids. What the column does not have is
	// as if the message did not have the field.
	Values(uids []uint32) []int64
	// Bytes is the memory it takes, about.
	Bytes() int64
}

// each calls do with the place in have of each of the uids, or -1; both ascend.
func each(have, uids []uint32, do func(i, at int)) {
	at := 0
	for i, uid := range uids {
		for at < len(have) && have[at] < uid {
			at++
		}
		if at < len(have) && have[at] == uid {
			do(i, at)
		} else {
			do(i, -1)
		}
	}
}

// merge calls do in order for each UID of two ascending lists, with its places in them or -1.
func merge(a, b []uint32, do func(uid uint32, i, j int)) {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || i < len(a) && a[i] < b[j]:
			do(a[i], i, -1)
			i++
		case i == len(a) || b[j] < a[i]:
			do(b[j], -1, j)
			j++
		default:
			do(a[i], i, j)
			i, j = i+1, j+1
		}
	}
}

// NoDate is the value of a message without a date that can be read.
const NoDate = -1 << 63

// Numbers is a column of dates, in seconds since 1970, or sizes. Its zero value is empty.
type Numbers struct {
	uids []uint32
	n    []int64
}

// With returns the column with more messages, in ascending order; those it has stay as they are.
func (c *Numbers) With(uids []uint32, values []int64) *Numbers {
	out := &Numbers{uids: make([]uint32, 0, len(c.uids)+len(uids)), n: make([]int64, 0, len(c.uids)+len(uids))}
	merge(c.uids, uids, func(uid uint32, i, j int) {
		out.uids = append(out.uids, uid)
		if i >= 0 {
			out.n = append(out.n, c.n[i])
		} else {
			out.n = append(out.n, values[j])
		}
	})
	return out
}

// UIDs implements Column.
func (c *Numbers) UIDs() []uint32 { return c.uids }

// Values implements Column.
func (c *Numbers) Values(uids []uint32) []int64 {
	out := make([]int64, len(uids))
	each(c.uids, uids, func(i, at int) {
		if out[i] = NoDate; at >= 0 {
			out[i] = c.n[at]
		}
	})
	return out
}

// Bytes implements Column.
func (c *Numbers) Bytes() int64 { return int64(12 * cap(c.uids)) }

// Text is a folded text, and whether it was the base of a reply's subject.
type Text struct {
	Folded string
	Reply  bool
}

// Texts is a column of texts: the different ones, in order, and for each message which one it has. Its zero value is empty.
type Texts struct {
	uids  []uint32
	ranks []uint32 // rank<<1, and 1 of a reply
	words []string // ascending, each once
	bytes int64
}

// With returns the column with more messages, in ascending order; those it has stay as they are.
func (c *Texts) With(uids []uint32, texts []Text) *Texts {
	fresh := make(map[string]uint32, 64)
	for i := range texts {
		fresh[texts[i].Folded] = 0
	}
	for _, w := range c.words {
		delete(fresh, w)
	}
	out := &Texts{words: make([]string, 0, len(c.words)+len(fresh))}
	moved := make([]uint32, len(c.words)) // by old rank: the new one
	added := slices.Sorted(maps.Keys(fresh))
	for i, w := range c.words {
		for len(added) > 0 && added[0] < w {
			out.words = append(out.words, added[0])
			added = added[1:]
		}
		moved[i] = uint32(len(out.words))
		out.words = append(out.words, w)
	}
	out.words = append(out.words, added...)
	for i, w := range out.words {
		fresh[w] = uint32(i)
		out.bytes += int64(len(w))
	}
	out.uids, out.ranks = make([]uint32, 0, len(c.uids)+len(uids)), make([]uint32, 0, len(c.uids)+len(uids))
	merge(c.uids, uids, func(uid uint32, i, j int) {
		out.uids = append(out.uids, uid)
		if i >= 0 {
			out.ranks = append(out.ranks, moved[c.ranks[i]>>1]<<1|c.ranks[i]&1)
			return
		}
		rank := fresh[texts[j].Folded] << 1
		if texts[j].Reply {
			rank |= 1
		}
		out.ranks = append(out.ranks, rank)
	})
	out.bytes += int64(8*cap(out.uids)) + int64(cap(out.words))*int64(unsafe.Sizeof(""))
	return out
}

// UIDs implements Column.
func (c *Texts) UIDs() []uint32 { return c.uids }

// Values implements Column. The empty text, and none, is 0.
func (c *Texts) Values(uids []uint32) []int64 {
	plus := int64(1)
	if len(c.words) > 0 && c.words[0] == "" {
		plus = 0
	}
	out := make([]int64, len(uids))
	each(c.uids, uids, func(i, at int) {
		if at >= 0 {
			out[i] = int64(c.ranks[at]>>1) + plus
		}
	})
	return out
}

// Replies tells which of the uids have the subject of a reply.
func (c *Texts) Replies(uids []uint32) []bool {
	out := make([]bool, len(uids))
	each(c.uids, uids, func(i, at int) { out[i] = at >= 0 && c.ranks[at]&1 != 0 })
	return out
}

// Bytes implements Column.
func (c *Texts) Bytes() int64 { return c.bytes }
