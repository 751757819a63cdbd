package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// lookUpper lists what is new in the destination's folder; the caller holds writer, so that no copy of ours is
// in flight: whatever is new and not linked is new mail.
func (f *folder) lookUpper(ctx context.Context) error {
	rec := f.record()
	if rec.DestUIDValidity == 0 {
		return nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, Writer) error{f.recover, f.removePending, f.lookDestStayed} {
		err := step(ctx, w)
		if errors.Is(err, ErrNoFolder) {
			f.setProblem("destination", "the destination's folder was deleted there: copying into it has stopped, and it is shown from the state; 'crossfade accept --copy-again' copies it again")
			return nil
		}
		if errors.Is(err, ErrUIDValidity) && f.anew(ctx, w) {
			f.setProblem("destination", problemAnew)
			return nil
		}
		if err != nil {
			return fmt.Errorf("destination: %w", err)
		}
	}
	return f.carrySubscription(ctx)
}

const problemAnew = "the destination's folder was restored or created anew (UIDVALIDITY or UIDNEXT went back): copying into it has stopped, nothing was deleted; 'crossfade accept --copy-again' compares both sides anew"

// anew tells whether the destination's folder is not the one any more that the links speak of. What was in flight then
// cannot be looked for by its number.
func (f *folder) anew(ctx context.Context, w Writer) bool {
	rec := f.record()
	st, err := w.Examine(ctx, rec.Name)
	return err == nil && st.UIDValidity != 0 && st.UIDValidity != rec.DestUIDValidity
}

// lookDest looks at the destination's folder as cheaply as the server allows.
func (f *folder) lookDest(ctx context.Context, w Writer) error {
	rec := f.record()
	news, err := f.upperNews(ctx, w, rec)
	if err != nil {
		return err
	}
	if v := news.State.UIDValidity; v != 0 && v != rec.DestUIDValidity || news.UIDValidityDiffers {
		f.setProblem("destination", problemAnew)
		return nil
	}
	what := Scan{UIDValidity: rec.DestUIDValidity, Flags: true}
	switch {
	case rec.DestUIDNext == 0:
		what.Details = f.mayPair()
	case !news.New && !news.Gone && !news.Flags && !f.hasProblem("destination"): // a listing tells whether that is over
		f.setDest(cursor{news.State, time.Now()})
		return nil
	case rec.DestModSeq != 0 && news.State.HighestModSeq != 0:
		what.ChangedSince = rec.DestModSeq
	case news.New && !news.Gone && !news.Flags:
		what.UIDs = from(rec.DestUIDNext)
	}
	return f.listDest(ctx, w, what)
}

func (f *folder) upperNews(ctx context.Context, w Writer, rec store.Folder) (News, error) {
	if cur := f.destCursor(); !cur.looked.IsZero() {
		return w.Poll(ctx, rec.Name, cur.state)
	}
	st, err := w.Examine(ctx, rec.Name)
	if err != nil {
		return News{}, err
	}
	f.setDest(cursor{state: st})
	went := st.UIDNext != 0 && st.UIDNext < rec.DestUIDNext // a fresh answer: UIDNEXT never goes back by itself
	return News{
		State: st, UIDValidityDiffers: went,
		New:   st.UIDNext != rec.DestUIDNext || st.UIDNext == 0,
		Gone:  int(st.Exists) < f.countDest(),
		Flags: st.HighestModSeq == 0 || st.HighestModSeq != rec.DestModSeq,
	}, nil
}

// listDest scans and merges; where the count then disagrees, messages were deleted there.
func (f *folder) listDest(ctx context.Context, w Writer, what Scan) error {
	f.mu.Lock()
	f.removed = nil
	f.mu.Unlock()
	st, entries, err := f.takeUpper(ctx, w, what)
	if err != nil {
		return err
	}
	if f.countDest() != int(st.Exists) {
		if full := what.UIDs == nil && what.ChangedSince == 0; !full {
			if st, entries, err = f.takeUpper(ctx, w, Scan{UIDValidity: st.UIDValidity, Flags: true}); err != nil {
				return err
			}
		}
		if err := f.mergeVanished(entries); err != nil {
			return err
		}
	} else {
		f.setProblem("destination", "")
	}
	f.setDest(cursor{st, time.Now()})
	return nil
}

// takeUpper scans and takes in what it is told. If flags of ours changed meanwhile it scans again, lest they are shown
// as they were before.
func (f *folder) takeUpper(ctx context.Context, w Writer, what Scan) (st BoxState, entries []Entry, err error) {
	name := f.record().Name
	for round := 1; ; round++ {
		f.mu.RLock()
		since := f.version
		f.mu.RUnlock()
		if round == flagRounds { // a client that changes flags without end keeps no news from the others
			since = math.MaxUint64
		}
		entries = entries[:0]
		if st, err = w.Scan(ctx, name, what, func(e Entry) error { entries = append(entries, e); return nil }); err != nil {
			return st, nil, err
		}
		if err = f.mergeUpper(st, entries, what, since); !errors.Is(err, errLate) {
			return st, entries, err
		}
	}
}

// countDest counts the messages that the destination's folder should have by the links.
func (f *folder) countDest() int {
	return f.counted().onDest
}

// byDest maps destination UIDs to shown UIDs.
func byDest(links []store.Link) map[uint32]uint32 {
	out := make(map[uint32]uint32, len(links))
	for i := range links {
		if links[i].Dst != 0 {
			out[links[i].Dst] = links[i].UID
		}
	}
	return out
}

// mergeUpper takes a listing of the destination's folder into the links. At the first meeting, messages that
// look the same on both sides are paired provisionally and shown as the source's one. Where it tells other flags of a
// message than were shown since a version that is not the last, it changes nothing and is errLate.
func (f *folder) mergeUpper(st BoxState, entries []Entry, what Scan, since uint64) error {
	var paired map[uint32]uint32 // destination UID -> shown UID
	if what.Details {
		below := f.where(func(l *store.Link) bool { return l.State == store.Listed && l.Dst == 0 })
		paired = propose(keysOfLinks(below), keysOfEntries(entries))
	}
	return f.edit(func(e *edit) error {
		known := byDest(f.links)
		r := e.record()
		for _, en := range entries {
			if uid, ok := known[en.UID]; ok {
				if l, ok := e.link(uid); ok && what.Flags && !e.mergeUpperFlags(l, en.Flags, since) {
					return errLate
				}
				continue
			}
			if l, ok := e.link(paired[en.UID]); ok && l.State == store.Listed && l.Dst == 0 {
				l.Dst, l.Paired = en.UID, true
				e.put(l)
				continue
			}
			if en.UID < r.DestUIDNext || f.wasRemoved(en.UID) {
				continue // accounted for: a copy of ours that was removed meanwhile
			}
			e.insertUpper(en, what.Details)
		}
		r.DestModSeq = st.HighestModSeq
		r.DestUIDNext = max(r.DestUIDNext, 1)
		if n := len(entries); n > 0 { // not st.UIDNext: a message may have come behind the listing
			r.DestUIDNext = max(r.DestUIDNext, entries[n-1].UID+1)
		}
		return nil
	})
}

// propose pairs messages by size, Message-ID and date; then, where there is a Message-ID, without the date: a
// server that cannot hold a date (one in the future, say) must not make two messages of one. The hash decides.
func propose(below, above []mapping.Keyed) map[uint32]uint32 {
	paired := make(map[uint32]uint32) // above -> below
	taken := make(map[uint32]bool)
	for _, p := range mapping.Pair(below, above) {
		paired[p.Above], taken[p.Below] = p.Below, true
	}
	dateless := func(in []mapping.Keyed, free func(uint32) bool) (out []mapping.Keyed) {
		for _, k := range in {
			if k.Key.ID != 0 && free(k.UID) {
				k.Key.Date = 0
				out = append(out, k)
			}
		}
		return out
	}
	rest := dateless(below, func(u uint32) bool { return !taken[u] })
	for _, p := range mapping.Pair(rest, dateless(above, func(u uint32) bool { _, ok := paired[u]; return !ok })) {
		paired[p.Above] = p.Below
	}
	return paired
}

// insertUpper adds a message that only the destination has.
func (e *edit) insertUpper(en Entry, details bool) uint32 {
	l := store.Link{Dst: en.UID, State: store.Above, Size: -1}
	if e.rec.Identity.Native {
		l.UID = en.UID
	}
	l.Flags = e.flags(en.Flags)
	l.Sent = l.Flags
	if details {
		setDetails(&l, en)
	}
	return e.insert(l)
}

// insertAbove adds a message that we or the destination just put there; sent is what the destination keeps of
// its flags.
func (e *edit) insertAbove(en Entry, sent mapping.Flags) uint32 {
	l := store.Link{Dst: en.UID, State: store.Above, Size: -1, Flags: e.flags(en.Flags), Sent: e.flags(sent)}
	if e.rec.Identity.Native {
		l.UID = en.UID
	}
	return e.insert(l)
}

// mergeUpperFlags takes the destination's flags into a link; what it cannot hold stays with us. Sent is what
// the destination had when last seen. Flags that changed after the version since are newer than now: it is false.
func (e *edit) mergeUpperFlags(l store.Link, now mapping.Flags, since uint64) bool {
	sent := e.flagsOf(l.Sent)
	if sent == now || l.State != store.Copied && l.State != store.Above {
		return true
	}
	if i, ok := find(e.f.links, l.UID); ok && e.f.changed[i] > since {
		return false
	}
	l.Flags = e.flags(mapping.Merge(sent, e.flagsOf(l.Flags), now))
	l.Sent = e.flags(now)
	e.put(l)
	return true
}

// mergeVanished takes out what the destination's users deleted there. all is the complete listing.
func (f *folder) mergeVanished(all []Entry) error {
	gone := f.where(func(l *store.Link) bool { return l.Dst != 0 && !listed(all, l.Dst) })
	missed := 0 // those that no command of ours was to remove
	for i := range gone {
		if !gone[i].Leaving {
			missed++
		}
	}
	said := f.answer("destination")
	if total := f.countDest(); tooMany(missed, total) && said == noAnswer {
		f.setProblem("destination", fmt.Sprintf("%d of %d messages vanished from the destination at once: copying into the folder has stopped, nothing was deleted; 'crossfade accept' says whether they were deleted or are to be copied again", missed, total))
		return nil
	}
	f.setProblem("destination", "")
	return f.edit(func(e *edit) error {
		for _, g := range gone {
			l, ok := e.link(g.UID)
			switch {
			case !ok || l.Dst != g.Dst:
			case said == copyAgain:
				e.unmeet(l)
			default:
				e.loseDest(l)
			}
		}
		return nil
	})
}

// loseDest is what becomes of a link whose copy vanished from the destination: its user deleted it.
func (e *edit) loseDest(l store.Link) {
	l.Dst, l.Leaving = 0, false
	switch l.State {
	case store.Above:
		e.forget(l.UID)
		return
	case store.Copied:
		l.State, l.Touched = store.Whiteout, true
	case store.Whiteout:
		l.Paired = false
	default:
		l.Paired = false // a provisional pair that is gone proves nothing
	}
	e.settle(l)
}

// from is the set n:*.
func from(n uint32) imap.UIDSet { return imap.UIDSet{imap.UIDRange{Start: imap.UID(n), Stop: 0}} }
