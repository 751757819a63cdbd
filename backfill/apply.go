package backfill

import (
	"slices"
	"time"

	"crossfade/store"
)

// apply makes the committed edit visible and wakes whoever waits. One message that goes must not cost a pass over all the
// others of a large folder: what is known is amended where it changes.
func (e *edit) apply() {
	f := e.f
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	for _, s := range e.newSets {
		f.sets.ids[s] = store.FlagSet(len(f.sets.list))
		f.sets.list = append(f.sets.list, s)
	}
	if e.after != nil {
		f.acct.domain.copied(e)
		f.tally, f.kept = *e.after, true
		if f.tally.left() > 0 {
			f.leftAt = time.Now()
		}
	}
	for uid, as := range e.refused {
		if f.refused != nil {
			f.refused[uid] = as
		}
	}
	gone, came := e.applySet()
	gone = append(gone, e.cut()...)
	e.join()
	for i := range e.add {
		if visible(&e.add[i]) {
			came = append(came, e.add[i].UID)
		}
	}
	if len(gone)+len(came) > 0 {
		f.shown, f.members = amend(f.shown, gone, came), f.version
	}
	if e.recSet {
		f.rec = e.rec
		f.meetRecent()
	}
	close(f.wake)
	f.wake = make(chan struct{})
}

// applySet changes links in their places. It returns the numbers that clients do not see any more, and those that they see
// from now on; the caller holds mu.
func (e *edit) applySet() (gone, came []uint32) {
	f := e.f
	for u, l := range e.set {
		i, ok := find(f.links, u)
		if !ok {
			continue
		}
		old := &f.links[i]
		if old.Flags != l.Flags {
			f.changed[i] = f.version
		}
		switch was, is := visible(old), visible(&l); {
		case was && !is:
			gone = append(gone, u)
		case is && !was:
			came = append(came, u)
		}
		if old.Dst != 0 && old.Dst != l.Dst {
			f.noteRemoved(old.Dst)
		}
		*old = l
	}
	return gone, came
}

// cut takes the removed links out: what stands behind moves up, in runs. It returns the numbers of those that clients saw;
// the caller holds mu.
func (e *edit) cut() (gone []uint32) {
	f := e.f
	moved := make(map[uint32]bool, len(e.moves))
	for _, m := range e.moves {
		if i, ok := find(e.add, m.to); ok && e.add[i].Dst != 0 {
			moved[m.from] = true
		}
	}
	at := make([]int, 0, len(e.drop))
	for u := range e.drop {
		i, ok := find(f.links, u)
		if !ok {
			continue
		}
		at = append(at, i)
		if f.links[i].Dst != 0 && !moved[u] {
			f.noteRemoved(f.links[i].Dst)
		}
		if visible(&f.links[i]) {
			gone = append(gone, u)
		}
	}
	if len(at) == 0 {
		return nil
	}
	slices.Sort(at)
	to := at[0]
	for k, i := range at {
		end := len(f.links)
		if k+1 < len(at) {
			end = at[k+1]
		}
		copy(f.changed[to:], f.changed[i+1:end])
		to += copy(f.links[to:], f.links[i+1:end])
	}
	clear(f.links[to:])
	f.links, f.changed = f.links[:to], f.changed[:to]
	if cap(f.links) > 2*to+maxSpare {
		f.links, f.changed = slices.Clone(f.links), slices.Clone(f.changed)
	}
	return gone
}

// maxSpare is how many links' room may stay unused whatever the size of the folder.
const maxSpare = 1024

// join puts the added links, which are in order, among the others: from the back on, so that each run of those moves once.
// The caller holds mu.
func (e *edit) join() {
	f, add := e.f, e.add
	if len(add) == 0 {
		return
	}
	from := len(f.links)
	f.links = append(f.links, add...)
	f.changed = slices.Grow(f.changed, len(add))[:len(f.links)]
	to := len(f.links)
	for k := len(add) - 1; k >= 0; k-- {
		i, _ := find(f.links[:from], add[k].UID)
		to -= from - i
		copy(f.links[to:], f.links[i:from])
		copy(f.changed[to:], f.changed[i:from])
		from, to = i, to-1
		f.links[to], f.changed[to] = add[k], f.version
	}
}

// amend is the list of numbers without those that are gone and with those that came. The list is not written to, but what
// comes behind its end may lie behind it in memory: who hands it out has to clip it.
func amend(shown, gone, came []uint32) []uint32 {
	slices.Sort(gone)
	slices.Sort(came)
	if n := len(shown); len(gone) == 0 && (n == 0 || shown[n-1] < came[0]) {
		return append(shown, came...)
	}
	out := make([]uint32, 0, len(shown)+len(came))
	for len(gone)+len(came) > 0 {
		leaves := len(came) == 0 || len(gone) > 0 && gone[0] <= came[0]
		if leaves {
			i, ok := slices.BinarySearch(shown, gone[0])
			out, shown, gone = append(out, shown[:i]...), shown[i:], gone[1:]
			if ok {
				shown = shown[1:]
			}
			continue
		}
		i, _ := slices.BinarySearch(shown, came[0])
		out = append(append(out, shown[:i]...), came[0])
		shown, came = shown[i:], came[1:]
	}
	return append(out, shown...)
}
