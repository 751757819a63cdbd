package backfill

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// inFlight tells whether an APPEND of the link's message may have been sent without its end being known: it is
// being copied, or a client deleted it while it was.
func inFlight(l *store.Link) bool {
	return l.State == store.Copying || l.State == store.Whiteout && l.Paired
}

// recover finds out what became of the APPENDs of an intent that was left open; the caller holds writer. What
// reached the destination is linked, by the hash of its bytes; the rest goes back to the queue. "UID not
// learned" is not "copy failed": a message is appended again only if it is certainly not there.
func (f *folder) recover(ctx context.Context, w Writer) error {
	if f.counted().flying == 0 {
		return nil
	}
	pending := f.where(inFlight)
	sourceOrder(pending)
	intent, err := f.intent()
	if err != nil {
		return err
	}
	found, err := f.seek(ctx, w, intent, pending, false)
	if err != nil {
		return err
	}
	if len(found) < len(pending) {
		// Bytes sent before a cut may still be on their way into the destination.
		last := intent.Time
		for _, t := range []time.Time{f.acct.e.started, f.cutAt} {
			if t.After(last) {
				last = t
			}
		}
		if err := sleep(ctx, time.Until(last.Add(f.acct.e.opt.Grace))); err != nil {
			return err
		}
		if found, err = f.seek(ctx, w, intent, pending, true); err != nil {
			return err
		}
	}
	moved, used, err := f.elsewhere(ctx, w, intent, pending, found)
	if err != nil {
		return err
	}
	f.acct.log.Info("an interrupted batch was looked for on the destination", "folder", f.record().Name, "open", len(pending), "found", len(found), "moved", len(moved))
	return f.settleIntent(ctx, w, pending, arrived{found, moved, used})
}

// arrived is what became of pending messages, by shown UID.
type arrived struct {
	found map[uint32]uint32 // destination UIDs
	moved map[uint32]bool   // in another folder by now
	used  bool              // numbers were given out for what is not there
}

// intent reads the open intent; without one the listing starts where the last one ended.
func (f *folder) intent() (store.Intent, error) {
	rec := f.record()
	var in store.Intent
	err := f.acct.e.store.View(func(rx *store.Rx) (err error) {
		in, err = rx.Intent(rec.Account, f.id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return store.Intent{DestUIDValidity: rec.DestUIDValidity, DestUIDNext: rec.DestUIDNext}, nil
	}
	return in, err
}

// seek lists the destination from the intent's UIDNEXT on, drops what is linked, and confirms candidates (same
// size or Message-ID, or no Message-ID and the same date) by their bytes. Equal messages are matched one to one, in order. It returns
// destination UIDs by shown UID.
//
// What it does not find is appended again, so nothing may hang on an answer that leaves messages out and is tagged OK:
// sure lists the whole folder, which is compared with the number of messages that exist, and takes no less than all of
// what it asks for.
func (f *folder) seek(ctx context.Context, w Writer, in store.Intent, pending []store.Link, sure bool) (map[uint32]uint32, error) {
	rec := f.record()
	f.mu.RLock()
	linked := byDest(f.links)
	f.mu.RUnlock()
	fresh, n := imap.UIDSet{}, 0
	what := Scan{UIDValidity: in.DestUIDValidity}
	if !sure {
		what.UIDs = from(max(in.DestUIDNext, 1))
	}
	_, err := w.Scan(ctx, rec.Name, what, func(e Entry) error {
		if _, ok := linked[e.UID]; !ok && e.UID >= in.DestUIDNext {
			fresh.AddNum(imap.UID(e.UID))
			n++
		}
		return nil
	})
	if err != nil || n == 0 {
		return nil, err
	}
	var arrivals []arrival
	_, err = w.Scan(ctx, rec.Name, Scan{UIDValidity: in.DestUIDValidity, UIDs: fresh, Details: true}, func(e Entry) error {
		n--
		if slices.ContainsFunc(pending, func(l store.Link) bool { return like(&l, e.Size, e.MsgID) || akin(&l, e) }) {
			arrivals = append(arrivals, arrival{Entry: e})
		}
		return nil
	})
	if err == nil && sure && n != 0 {
		err = errLeftOut
	}
	if err != nil || len(arrivals) == 0 {
		return nil, err
	}
	return f.confirmAll(ctx, w, arrivals, pending, sure)
}

// errLeftOut ends a search for copies whose answers are not complete; the next pass searches again.
var errLeftOut = errors.New("the server leaves messages out that it has listed")

// confirmAll reads candidates and matches them with what is pending as a multiset, in order: first by all their bytes,
// then by what a destination that alters messages leaves alone.
func (f *folder) confirmAll(ctx context.Context, w Writer, arrivals []arrival, pending []store.Link, sure bool) (map[uint32]uint32, error) {
	rec := f.record()
	waiting := make(map[[16]byte][]uint32)
	for _, l := range pending {
		waiting[l.Hash] = append(waiting[l.Hash], l.UID)
	}
	var candidates imap.UIDSet
	for _, a := range arrivals {
		candidates.AddNum(imap.UID(a.UID))
	}
	found := make(map[uint32]uint32)
	read := make(map[uint32]digest)
	if err := readTexts(ctx, w, rec.Name, rec.DestUIDValidity, candidates, read); err != nil {
		return nil, err
	}
	if sure && len(read) < len(arrivals) {
		return nil, errLeftOut
	}
	arrivals = slices.DeleteFunc(arrivals, func(a arrival) bool { _, ok := read[a.UID]; return !ok })
	slices.SortFunc(arrivals, func(a, b arrival) int { return cmp.Compare(a.UID, b.UID) })
	for i := range arrivals {
		a := &arrivals[i]
		a.digest = read[a.UID]
		if uids := waiting[a.digest.hash]; len(uids) > 0 {
			found[uids[0]], waiting[a.digest.hash] = a.UID, uids[1:]
		}
	}
	return found, f.matchAltered(ctx, arrivals, pending, found)
}

// settleIntent closes an intent: what was found is copied, what was moved away is shown here no more, the rest is
// listed again, and a copy of what a client deleted meanwhile is removed.
func (f *folder) settleIntent(ctx context.Context, w Writer, pending []store.Link, a arrived) error {
	found := maps.Clone(a.found)
	if err := f.finishCopies(ctx, w, found); err != nil {
		return err
	}
	if len(found) < len(a.found) { // its bytes were read a moment ago
		return errLeftOut
	}
	err := f.edit(func(e *edit) error {
		for _, p := range pending {
			l, ok := e.link(p.UID)
			if !ok || !inFlight(&l) {
				continue
			}
			if _, ok := found[p.UID]; ok {
				continue
			}
			l.Paired = false
			switch {
			case a.moved[l.UID]:
				l.State, l.Touched = store.Whiteout, true
			case l.State == store.Copying:
				if l.State = store.Listed; a.used {
					e.record().Reappended++
				}
			}
			e.settle(l)
		}
		e.closeIntent()
		return nil
	})
	if err != nil {
		return err
	}
	return f.removePending(ctx, w)
}

// closeIntent removes the folder's intent with the edit.
func (e *edit) closeIntent() {
	acc, id := e.f.rec.Account, e.f.id
	e.also = append(e.also, func(tx *store.Tx) error { return tx.DeleteIntent(acc, id) })
}

// sleep waits for d or the end of the context.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
