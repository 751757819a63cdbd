package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"crossfade/store"
)

// A destination's folder whose UIDVALIDITY clients know from the old server can never be shown under its own numbers: they
// would take its messages for those they have. As long as it is empty that can be helped. An ordinary folder is deleted
// and created again, until it has another one. Of a default folder, which cannot be, so many UIDs are used up that none
// that comes later is one that clients can know.
const (
	remakeTries = 5
	// remakePause lies between two tries: many servers take the time in seconds.
	remakePause = 1100 * time.Millisecond
	// burnMost is how many UIDs are used up at most, burnAhead how far above the source's: old clients may still add to it.
	burnMost  = 20_000
	burnAhead = 1000
	burnBatch = 200
)

// clearUIDs sees to it, before anything is on the destination, that its numbers can be shown one day. What cannot be
// helped is told when the folder is to settle.
func (f *folder) clearUIDs(ctx context.Context) error {
	rec, t := f.record(), f.counted()
	if f.uidsClear || t.onDest+t.flying > 0 || rec.DestUIDValidity == 0 || rec.Identity.Native && rec.Identity.Fixed || f.problem().Text != "" {
		return nil
	}
	if f.badValidity(rec) == nil {
		f.uidsClear = true
		return nil
	}
	short, cancel := context.WithTimeout(ctx, f.acct.e.opt.SettleHold)
	release, err := f.passage.hold(short)
	cancel()
	if err != nil {
		return ctx.Err() // somebody is in it: next time
	}
	defer release()
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	st, err := w.Examine(ctx, rec.Name)
	if err != nil || st.Exists > 0 || st.UIDValidity != rec.DestUIDValidity {
		return err
	}
	f.uidsClear = true // whatever comes of it, once is enough in one run
	if f.ordinary() {
		if err := f.remake(ctx, w); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
	}
	if rec = f.record(); rec.DestUIDValidity == 0 || f.badValidity(rec) == nil {
		return nil
	}
	return f.burn(ctx, w)
}

// ordinary tells whether the destination's folder is a user's own, without others below it.
func (f *folder) ordinary() bool {
	rec, a := f.record(), f.acct
	if f.inbox || rec.Role != "" || hasRole(f.onDestination().Attrs) || a.hasBelow(rec.Path) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(listedBelow(a.treeInfo.dest, rec.Path)) == 0
}

// remake deletes and creates the destination's empty folder until it has a UIDVALIDITY that nobody knows. The record says
// first that there is none: after a kill it is made again.
func (f *folder) remake(ctx context.Context, w Writer) error {
	name, old := f.record().Name, f.record().DestUIDValidity
	set := func(v uint32) error {
		return f.edit(func(e *edit) error {
			r := e.record()
			if r.DestUIDValidity, r.DestUIDNext, r.DestModSeq, r.Landmarks = v, 0, 0, nil; r.Identity.Native {
				r.Identity.UIDValidity = v
			}
			return nil
		})
	}
	for try := 0; try < remakeTries && f.badValidity(f.record()) != nil; try++ {
		if try > 0 {
			if err := sleep(ctx, remakePause); err != nil {
				return err
			}
		}
		st, err := w.Examine(ctx, name)
		if err != nil || st.Exists > 0 {
			return err
		}
		if err := set(0); err != nil {
			return err
		}
		if err := w.Delete(ctx, name); err != nil {
			if uncertain(err) {
				return err
			}
			f.acct.log.Warn("the destination does not delete an empty folder", "folder", name, "err", err)
			return set(old)
		}
		f.mu.Lock()
		f.onDest.Exists, f.dest = false, cursor{}
		f.mu.Unlock()
		if err := f.create(ctx, w); err != nil {
			return err
		}
		if st, err = w.Examine(ctx, name); err != nil {
			return err
		}
		f.setDest(cursor{state: st})
		if err := set(st.UIDValidity); err != nil {
			return err
		}
		f.acct.log.Info("an empty folder was made again on the destination, for another UIDVALIDITY", "folder", name, "was", old, "now", st.UIDValidity)
	}
	if f.onDestination().Subscribed {
		return w.Subscribe(ctx, name, true)
	}
	return nil
}

// highestUnder is above every UID that clients can know under a UIDVALIDITY of the old server; ok is false if that cannot
// be told.
func (f *folder) highestUnder(rec store.Folder, v uint32) (high uint32, ok bool) {
	ok = true
	for _, r := range f.knownUnder(rec, v) {
		explained := !slices.Contains(r.PastUIDValidities, v)
		for i := range r.Sources {
			if s := &r.Sources[i]; !s.Borrowed && s.UIDValidity == v {
				high, explained = max(high, s.UIDNext), true
			}
		}
		if !explained || r.Identity.Fixed && r.Identity.UIDValidity == v {
			ok = false
		}
	}
	return high, ok
}

// burn uses up the destination's UIDs that clients know from the old server, by messages that are journalled as strays
// and removed at once; the caller holds writer.
func (f *folder) burn(ctx context.Context, w Writer) error {
	rec := f.record()
	high, ok := f.highestUnder(rec, rec.DestUIDValidity)
	st, err := w.Examine(ctx, rec.Name)
	if err != nil || !ok {
		return err
	}
	floor := high + burnAhead
	if st.UIDNext == 0 || st.Exists > 0 || floor > st.UIDNext && floor-st.UIDNext > burnMost {
		return nil
	}
	if err := errors.Join(f.acct.e.room(), f.recover(ctx, w), f.removePending(ctx, w)); err != nil {
		return err
	}
	for at := st.UIDNext; at < floor; {
		n := int(min(floor-at, burnBatch))
		if err := f.burnSome(ctx, w, n); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		if st, err = w.Examine(ctx, rec.Name); err != nil {
			return err
		}
		if st.UIDNext <= at {
			return nil // it gives them out again: nothing can be done
		}
		at = st.UIDNext
	}
	f.acct.log.Info("UIDs that clients know from the old server were used up on the destination", "folder", rec.Name, "below", st.UIDNext)
	return f.edit(func(e *edit) error {
		e.record().Burnt = st.UIDNext
		return nil
	})
}

func (f *folder) burnSome(ctx context.Context, w Writer, n int) error {
	items := make([]AppendItem, n)
	for i := range items {
		text := fmt.Sprintf("From: Crossfade <postmaster@localhost>\r\nSubject: (a number is used up)\r\nDate: %s\r\nMessage-ID: <%s.%d.%d@crossfade.invalid>\r\n\r\nThis message is removed at once.\r\n",
			time.Now().UTC().Format(time.RFC1123Z), f.acct.e.owner, time.Now().UnixNano(), i)
		items[i] = AppendItem{Date: time.Now(), Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
	}
	batch, err := hashItems(items)
	if err != nil {
		return err
	}
	strays, in, err := f.expectStrays(batch)
	if err != nil {
		return err
	}
	results, err := w.Append(ctx, f.record().Name, items)
	if _, err = f.noteStrays(ctx, w, strays, in, distinct(results), err); err != nil {
		return err
	}
	return f.removePending(ctx, w)
}
