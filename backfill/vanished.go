package backfill

import (
	"context"
	"slices"
	"time"

	"crossfade/store"
)

// vanished collects which of a source folder's messages the server says were deleted (RFC 7162 3.2.10). It is a hint that
// saves a complete listing, and no more: it counts only if then the number of messages is right, what it names is asked
// for once more, and much at once is left to a complete listing and its guards. Memory is bounded by the messages that
// are known, however many are named.
type vanished struct {
	known []uint32 // ascending
	gone  []bool   // of known
	work  int      // how many may still be named; a server that goes on and on is not listened to
}

// vanishing gets ready for what the source may say of a folder.
func (f *folder) vanishing(b uint16) *vanished {
	f.mu.RLock()
	defer f.mu.RUnlock()
	v := &vanished{}
	for i := range f.links {
		if onSource(&f.links[i], b) {
			v.known = append(v.known, f.links[i].Src)
		}
	}
	slices.Sort(v.known)
	v.gone, v.work = make([]bool, len(v.known)), 4*len(v.known)+maxAhead
	return v
}

func (v *vanished) add(from, to uint32) {
	i, _ := slices.BinarySearch(v.known, from)
	for v.work--; v.work > 0 && i < len(v.known) && v.known[i] <= to; i++ {
		v.gone[i] = true
		v.work--
	}
}

// told tells whether a message was named.
func (v *vanished) told(uid uint32) bool {
	i, ok := slices.BinarySearch(v.known, uid)
	return ok && v.gone[i]
}

// loseVanished takes out what the source named, if it can be believed: then as many messages are left as it has. What it
// does not settle is left to a complete listing.
func (f *folder) loseVanished(ctx context.Context, src Mail, b uint16, exists uint32, v *vanished) error {
	if v == nil || v.work <= 0 {
		return nil
	}
	gone := f.where(func(l *store.Link) bool { return onSource(l, b) && v.told(l.Src) })
	total := f.countBox(b)
	if len(gone) == 0 || total-len(gone) != int(exists) || f.unbelievable(b, len(gone), total) != "" {
		return nil
	}
	return f.loseGone(ctx, src, b, gone)
}

// fullDue tells whether it is time for a complete listing of a source folder that tells only what changed: what it left
// out must not stay unknown for ever. Nobody waits for it. When the last one was before the program started is not known:
// the first ones are spread over a day.
func (f *folder) fullDue(ctx context.Context, b uint16) bool {
	every := fullFactor * f.acct.e.opt.Recheck
	if f.listedAll == nil {
		f.listedAll = make(map[uint16]time.Time)
	}
	at, ok := f.listedAll[b]
	if !ok {
		at = time.Now().Add(-every / 32 * time.Duration(f.id%31))
		f.listedAll[b] = at
	}
	return IsBackground(ctx) && time.Since(at) >= every
}
