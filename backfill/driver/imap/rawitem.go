package imap

import (
	"io"
	"slices"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// rawItem is one FETCH answer on its way through. What comes before the UID waits in ahead.
type rawItem struct {
	r     *rawFetch
	a     *answer
	uid   uint32
	ahead []waiting
	held  []*held
	told  map[string]bool
	err   error
}

type waiting struct {
	att
	held *held
}

// lookAhead reads until the UID and one asked attribute are known. It returns false if the answer holds
// nothing that was asked for.
func (it *rawItem) lookAhead() (asked bool, err error) {
	for {
		t, err := it.a.next()
		if err == io.EOF {
			return it.uid != 0 && len(it.ahead) > 0, it.lateUID()
		}
		if err != nil {
			it.mark()
			return false, err
		}
		if it.isUID(t) {
			if len(it.ahead) > 0 {
				return true, nil
			}
			continue
		}
		if !it.r.need[kind(t.name)] {
			it.noteFlags(t)
			continue
		}
		if it.r.senseless(t) {
			it.mark()
			if it.uid == 0 {
				return false, it.a.odd()
			}
			return false, it.a.drain()
		}
		w := waiting{att: t}
		if it.uid == 0 && t.lit != nil {
			if w.held, err = it.r.c.hold(t.lit); err != nil {
				return false, err
			}
			it.held = append(it.held, w.held)
		}
		it.ahead = append(it.ahead, w)
		if it.uid != 0 {
			return true, nil
		}
		it.ahead[len(it.ahead)-1].value = slices.Clone(t.value)
	}
}

// lateUID judges an answer that ended: one with data but no UID belongs to nobody.
func (it *rawItem) lateUID() error {
	if it.uid == 0 && len(it.ahead) > 0 {
		return errOdd
	}
	return nil
}

// mark remembers that the message's answer made no sense.
func (it *rawItem) mark() {
	if it.uid != 0 {
		it.r.bad[it.uid] = true
	}
}

func (it *rawItem) isUID(t att) bool {
	if !strings.EqualFold(t.name, "UID") {
		return false
	}
	if n, ok := imapwire.NewScanner(t.value).Uint32(); ok && n > 0 {
		it.uid = n
	}
	return true
}

func (it *rawItem) noteFlags(t att) {
	if strings.EqualFold(t.name, "FLAGS") {
		it.r.c.news.flags = true
	}
}

// next is RawItem.Next.
func (it *rawItem) next() (backfill.RawAtt, error) {
	if it.err != nil {
		return backfill.RawAtt{}, it.err
	}
	if len(it.ahead) > 0 {
		w := it.ahead[0]
		it.ahead = it.ahead[1:]
		if w.held != nil {
			it.count(w.att)
			return backfill.RawAtt{Name: w.name, Literal: w.held, Size: w.held.size}, nil
		}
		return it.pass(w.att), nil
	}
	for {
		t, err := it.a.next()
		if err != nil {
			it.err = err
			return backfill.RawAtt{}, err
		}
		if it.isUID(t) || !it.r.need[kind(t.name)] {
			continue
		}
		if it.r.senseless(t) {
			it.mark()
			it.err = it.a.odd()
			return backfill.RawAtt{}, it.err
		}
		return it.pass(t), nil
	}
}

func (it *rawItem) count(t att) {
	if it.told == nil {
		it.told = map[string]bool{}
	}
	it.told[kind(t.name)] = true
}

func (it *rawItem) pass(t att) backfill.RawAtt {
	it.count(t)
	out := backfill.RawAtt{Name: t.name, Value: t.value}
	if t.lit != nil {
		out.Literal, out.Size = &wireReader{it.r.c, t.lit}, t.lit.Size
	}
	return out
}

func (it *rawItem) free() {
	for _, h := range it.held {
		h.free()
	}
}

func sortedUIDs(uids []uint32) []uint32 {
	slices.Sort(uids)
	return slices.Compact(uids)
}
