package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// A folder of the destination's own numbers (Identity.Native) shows what the destination has, under the numbers that it
// has there. So the number of a link with a copy, or that only the destination has, is its Dst; everything else bears one
// from provisional on and is not shown: mail that came late to the source is new mail once it has been copied. This is the
// one place that keeps it so: every edit of such a folder ends with it.

// move is a link that got another number.
type move struct{ from, to uint32 }

// destNumber is the number under which a folder of the destination's numbers shows a link; 0: it does not.
func destNumber(l *store.Link) uint32 {
	switch l.State {
	case store.Copied, store.Above, store.Listed: // listed and on the destination: a pair that is not confirmed yet
		return l.Dst
	}
	return 0
}

// numberedNatively tells whether the link bears the number that it should in a folder of the destination's numbers.
func numberedNatively(l *store.Link) bool {
	if n := destNumber(l); n != 0 {
		return l.UID == n
	}
	return l.UID >= provisional
}

// number gives what the edit changes the numbers that it should have.
func (e *edit) number() error {
	if !e.rec.Identity.Native || len(e.set)+len(e.add) == 0 {
		return nil
	}
	for i := range e.add {
		if l := &e.add[i]; !numberedNatively(l) {
			l.UID = e.nativeUID(l)
		}
	}
	var odd []uint32
	for u, l := range e.set {
		if !numberedNatively(&l) {
			odd = append(odd, u)
		}
	}
	slices.Sort(odd)
	for _, u := range odd {
		l := e.set[u]
		to := e.nativeUID(&l)
		e.renumber(u, to)
		e.moves = append(e.moves, move{u, to})
	}
	return e.replace()
}

func (e *edit) nativeUID(l *store.Link) uint32 {
	if n := destNumber(l); n != 0 {
		return n
	}
	return e.nextUID()
}

// replace puts links that were added under a number that another one bears, or bore, in its place. There are two for one
// message of the destination where a listing was quicker than the copy's own answer: the copy's link goes on.
func (e *edit) replace() error {
	slices.SortStableFunc(e.add, byUID)
	out := e.add[:0]
	for _, l := range e.add {
		if n := len(out); n > 0 && out[n-1].UID == l.UID {
			if err := e.twins(&out[n-1], &l); err != nil {
				return err
			}
			if out[n-1].Src == 0 {
				out[n-1] = l
			}
			continue
		}
		if i, ok := find(e.f.links, l.UID); ok {
			if _, dropped := e.drop[l.UID]; !dropped {
				old, _ := e.link(e.f.links[i].UID)
				if err := e.twins(&old, &l); err != nil {
					return err
				}
				if old.Src != 0 {
					continue
				}
			}
			delete(e.drop, l.UID)
			e.put(l)
			continue
		}
		out = append(out, l)
	}
	e.add = out
	return nil
}

// twins is an error unless one of two links with one number is of a message that only the destination is known to have.
func (e *edit) twins(a, b *store.Link) error {
	if a.Src != 0 && b.Src != 0 {
		return fmt.Errorf("%s: two messages of the source have one copy (UID %d on the destination)", e.f.rec.Name, a.UID)
	}
	return nil
}

// sides tells which server answers for messages that clients see. In a folder of the destination's numbers it is the
// destination.
func (f *folder) sides(links []store.Link) sides {
	if f.record().Identity.Native {
		return sides{above: links}
	}
	return split(links)
}

// cameBefore lists, in a folder of the destination's numbers, what came there before the last of the copies that are about
// to be shown (found: by shown UID): what is told later must have a greater number. It is new mail, because no other copy
// of ours has such a number: the caller holds writer, and what became of those before is known.
func (f *folder) cameBefore(ctx context.Context, w Writer, found map[uint32]uint32) (news []Entry, err error) {
	rec := f.record()
	if !rec.Identity.Native {
		return nil, nil
	}
	ours, last := make(map[uint32]bool, len(found)), uint32(0)
	for _, dst := range found {
		ours[dst], last = true, max(last, dst)
	}
	if last < rec.DestUIDNext || last == 0 {
		return nil, nil
	}
	what := Scan{UIDValidity: rec.DestUIDValidity, Flags: true, UIDs: imap.UIDSet{imap.UIDRange{Start: imap.UID(max(rec.DestUIDNext, 1)), Stop: imap.UID(last)}}}
	_, err = w.Scan(ctx, rec.Name, what, func(en Entry) error {
		if !ours[en.UID] && en.UID <= last && en.UID >= rec.DestUIDNext && !f.wasRemoved(en.UID) {
			news = append(news, en)
		}
		return nil
	})
	return news, err
}

// insertBefore adds what came before the copies of the same edit.
func (e *edit) insertBefore(news []Entry) {
	if len(news) == 0 {
		return
	}
	known := byDest(e.f.links)
	for _, en := range news {
		if _, ok := known[en.UID]; !ok && en.UID >= e.rec.DestUIDNext {
			e.insertUpper(en, false)
		}
	}
}

// movesAtOnce is how many chunks the moves of one transaction touch.
const movesAtOnce = maxBytes/fullChunk - 2

// commitMoves stores the links that get other numbers ahead, some at a time, each with its old and its new number in one
// transaction: there is never a link too many or too few.
func (e *edit) commitMoves(st *store.Store) error {
	gone := make(map[uint32]bool, len(e.moves))
	for len(e.moves) > 0 {
		part, chunks, n := e.part(), make(map[uint32]bool), 0
		for _, m := range e.moves {
			chunks[store.ChunkOf(m.from)], chunks[store.ChunkOf(m.to)] = true, true
			if len(chunks) > movesAtOnce && n > 0 {
				break
			}
			n++
			for _, u := range []uint32{m.from, m.to} {
				if l, ok := e.set[u]; ok {
					part.put(l)
					delete(e.set, u)
				} else if _, ok := e.drop[u]; ok {
					part.forget(u)
					delete(e.drop, u)
				}
				if i, ok := find(e.add, u); ok && !gone[u] {
					part.add, gone[u] = append(part.add, e.add[i]), true
				}
			}
		}
		part.moves, e.moves = e.moves[:n:n], e.moves[n:]
		if err := part.commitPart(st); err != nil {
			return err
		}
		e.newSets = nil
	}
	e.add = slices.DeleteFunc(e.add, func(l store.Link) bool { return gone[l.UID] })
	return nil
}
