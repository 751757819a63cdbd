package imap

import (
	"context"
	"math"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/proxy"
)

// evaluation is one SEARCH being answered, message by message.
type evaluation struct {
	view *proxy.View
	box  proxy.Mailbox
	seq  uint32
	uid  uint32
	it   *backfill.ItemState // nil if the tree needs none
}

// evaluate returns the UIDs of the messages that match, ascending, in a slice of its own. What only the servers
// know is asked at most once for each key, and only when a message comes by for which it matters.
func (c *conn) evaluate(ctx context.Context, tree *searchKey) ([]uint32, error) {
	e := &evaluation{view: c.view, box: c.view.Mailbox()}
	hits := []uint32{}
	seqs := seqCursor{view: c.view}
	needsItems := tree.needsItems()
	for part := range chunks(c.view.UIDs()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		uids := part
		var items []backfill.ItemState
		if needsItems {
			items = e.box.Items(part)
			uids = make([]uint32, len(items))
			for i := range items {
				uids[i] = items[i].UID
			}
		}
		for i, uid := range uids {
			e.uid, e.seq = uid, seqs.of(uid)
			if needsItems {
				e.it = &items[i]
			}
			ok, err := e.holds(ctx, tree)
			if err != nil {
				return nil, err
			}
			if ok {
				hits = append(hits, uid)
			}
		}
	}
	return hits, nil
}

// holds tells whether a key matches the message at hand.
func (e *evaluation) holds(ctx context.Context, k *searchKey) (bool, error) {
	switch k.op {
	case opAll:
		return true, nil
	case opAnd, opOr:
		for _, kid := range k.kids {
			ok, err := e.holds(ctx, kid)
			if err != nil || ok == (k.op == opOr) {
				return ok, err
			}
		}
		return k.op == opAnd, nil
	case opNot:
		ok, err := e.holds(ctx, k.kids[0])
		return !ok, err
	case opSeqs:
		return k.set.has(e.seq), nil
	case opUIDs:
		return k.set.has(e.uid), nil
	case opRecent:
		return e.view.IsRecent(e.uid), nil
	case opFlag:
		return e.it.Flags.Has(k.flag), nil
	case opLarger, opSmaller:
		if e.it.Size < 0 {
			return e.server(ctx, k)
		}
		return k.op == opLarger && e.it.Size > k.size || k.op == opSmaller && e.it.Size < k.size, nil
	case opServer:
		return e.server(ctx, k)
	}
	return e.dated(ctx, k)
}

// dated compares the internal date.
func (e *evaluation) dated(ctx context.Context, k *searchKey) (bool, error) {
	if e.it.Date.IsZero() {
		return e.server(ctx, k)
	}
	day := dayOf(e.it.Date)
	switch k.op {
	case opBefore:
		return day < k.day, nil
	case opOn:
		return day == k.day, nil
	}
	return day >= k.day, nil
}

// server asks the servers about a key, the first time, and looks the message up in the answer.
func (e *evaluation) server(ctx context.Context, k *searchKey) (bool, error) {
	if !k.asked {
		found, err := e.box.Search(ctx, k.leaf)
		if err != nil {
			return false, err
		}
		k.asked, k.found = true, fromUIDSet(found)
	}
	return k.found.has(e.uid), nil
}

// fromUIDSet makes a resolved set of an answer.
func fromUIDSet(set imap.UIDSet) numSet {
	out := make(numSet, 0, len(set))
	for _, r := range set {
		out = append(out, numRange{uint32(r.Start), uint32(r.Stop)}) // go-imap's * is 0, too
	}
	return out.at(math.MaxUint32)
}
