package mailsort

import (
	"cmp"
	"slices"
	"strings"
)

// Gatherer collects what servers tell of messages, in any order, until it becomes part of columns.
type Gatherer struct {
	want  Set
	uids  []uint32
	texts [Keys][]Text
	nums  [Keys][]int64
	links []Link
	order []int             // places in uids by ascending UID, each UID once
	same  map[string]string // texts that came before: most come often
	bytes int64
}

// NewGatherer makes one for the keys that are read from headers.
func NewGatherer(want Set) *Gatherer { return &Gatherer{want: want, same: map[string]string{}} }

// Add takes the header fields of a message: all that Fields named, in a block.
func (g *Gatherer) Add(uid uint32, block []byte) {
	h := parseHeader(block)
	g.uids = append(g.uids, uid)
	g.bytes += 4
	for k := range Keys {
		if g.want.Has(k) && fieldsOf[k] != "" {
			g.add(k, &h)
		}
	}
}

func (g *Gatherer) add(k Key, h *header) {
	switch k {
	case Date:
		seconds, ok := SentDate(h[fieldDate])
		if !ok {
			seconds = NoDate
		}
		g.nums[k] = append(g.nums[k], seconds)
		g.bytes += 8
	case References:
		l := Link{Refs: references(h[fieldReferences], h[fieldInReplyTo])}
		l.Own, _, _ = nextID(h[fieldMessageID])
		g.links = append(g.links, l)
		g.bytes += int64(48 + len(ID{})*len(l.Refs))
	case Subject:
		base, reply := BaseSubject(Decode(h[fieldSubject]))
		g.text(k, base, reply)
	case From, To, Cc:
		g.text(k, Decode(firstAddress(h[addressField(k)]).mailbox), false)
	case DisplayFrom, DisplayTo:
		g.text(k, firstAddress(h[addressField(k)]).display(), false)
	}
}

func addressField(k Key) field {
	switch k {
	case To, DisplayTo:
		return fieldTo
	case Cc:
		return fieldCc
	}
	return fieldFrom
}

func (g *Gatherer) text(k Key, s string, reply bool) {
	folded := Fold(clip(s))
	kept, ok := g.same[folded]
	if !ok {
		kept = strings.Clone(folded) // not a part of its header
		g.same[kept] = kept
		g.bytes += int64(64 + len(folded))
	}
	g.texts[k] = append(g.texts[k], Text{kept, reply})
	g.bytes += 24
}

// Len is how many messages were added.
func (g *Gatherer) Len() int { return len(g.uids) }

// Bytes is the memory taken, about.
func (g *Gatherer) Bytes() int64 { return g.bytes }

// sorted are the UIDs, ascending.
func (g *Gatherer) sorted() []uint32 {
	if g.order == nil {
		g.order = make([]int, len(g.uids))
		for i := range g.order {
			g.order[i] = i
		}
		slices.SortStableFunc(g.order, func(a, b int) int { return cmp.Compare(g.uids[a], g.uids[b]) })
		g.order = slices.CompactFunc(g.order, func(a, b int) bool { return g.uids[a] == g.uids[b] })
	}
	return pick(g.uids, g.order)
}

// pick returns the values at these places.
func pick[T any](values []T, order []int) []T {
	out := make([]T, len(order))
	for i, at := range order {
		out[i] = values[at]
	}
	return out
}

// NewColumn makes an empty column for a key.
func NewColumn(k Key) Column {
	switch k {
	case Date, Arrival, Size:
		return new(Numbers)
	case References:
		return new(Links)
	}
	return new(Texts)
}

// Merge returns the column of key k with what was gathered. Nothing can be added afterwards.
func (g *Gatherer) Merge(k Key, c Column) Column {
	uids := g.sorted()
	switch c := c.(type) {
	case *Numbers:
		return c.With(uids, pick(g.nums[k], g.order))
	case *Links:
		return c.With(uids, pick(g.links, g.order))
	case *Texts:
		return c.With(uids, pick(g.texts[k], g.order))
	}
	return c
}
