package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/emersion/go-imap/v2"

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
	for _, step := range []func(context.Context, Writer) error{f.recover, f.removePending, f.lookDestStayed, f.setLandmarks} {
		err := step(ctx, w)
		if errors.Is(err, ErrNoFolder) {
			f.setProblem("destination", "the destination's folder was deleted there: copying into it has stopped, and it is shown from the state; 'crossfade accept --copy-again' copies it again")
			return nil
		}
		if errors.Is(err, ErrRemade) {
			f.setProblem("destination", problemRemade)
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

const problemAnew = "the destination's folder was restored or created anew (UIDVALIDITY or UIDNEXT went back): copying into it has stopped, nothing was deleted; 'crossfade accept --copy-again' compares both sides anew, and if the whole mailbox was made anew 'crossfade accounts again' does it for all folders"

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
	if cur := f.destCursor(); f.metEmpty(rec, cur) {
		return f.takeEmpty(cur)
	}
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
		f.setDest(cursor{state: news.State, looked: time.Now()})
		return nil
	case rec.DestModSeq != 0 && news.State.HighestModSeq != 0:
		what.ChangedSince = rec.DestModSeq
	case news.New && !news.Gone && !news.Flags:
		what.UIDs = from(rec.DestUIDNext)
	}
	return f.listDest(ctx, w, what)
}

// metEmpty tells whether the destination's folder was just met and found empty: it need not say so twice, and what comes
// later is seen at the next look, as what comes after a listing is.
func (f *folder) metEmpty(rec store.Folder, cur cursor) bool {
	return rec.DestUIDNext == 0 && cur.looked.IsZero() && cur.state.UIDValidity == rec.DestUIDValidity &&
		cur.state.Exists == 0 && time.Since(cur.met) < justNow && f.countDest() == 0
}

// takeEmpty takes in such a meeting in place of a listing.
func (f *folder) takeEmpty(cur cursor) error {
	f.mu.Lock()
	f.removed = nil
	f.mu.Unlock()
	if err := f.editWithFix(func(e *edit) error { e.upperListed(cur.state, 0); return nil }); err != nil {
		return err
	}
	f.setProblem("destination", "")
	f.setDest(cursor{state: cur.state, looked: cur.met})
	return nil
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
	f.setDest(cursor{state: st, looked: time.Now()})
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
		if what.Details {
			if err := f.learnLikely(ctx, entries); err != nil {
				return st, nil, err
			}
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

// from is the set n:*.
func from(n uint32) imap.UIDSet { return imap.UIDSet{imap.UIDRange{Start: imap.UID(n), Stop: 0}} }
