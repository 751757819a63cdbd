package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossfade/store"
)

// lookLower lists what is new in the folder's source folders; the caller holds sync.
func (f *folder) lookLower(ctx context.Context) error {
	rec := f.record()
	own := ownSources(rec)
	if len(own) == 0 {
		return nil
	}
	src, err := f.acct.source(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	for _, b := range own {
		err := f.lookBox(ctx, src, b)
		if errors.Is(err, ErrNoFolder) {
			f.noteLostFolder(b, err)
			delete(f.source, b)
			continue
		}
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		f.setProblem(lostFolder(b), "")
		f.setNote(lostFolder(b), "")
	}
	f.mu.Lock()
	f.below = began
	f.mu.Unlock()
	f.watchGrave()
	return nil
}

// lookBox looks at one source folder, as cheaply as the server allows.
func (f *folder) lookBox(ctx context.Context, src Mail, b uint16) error {
	box := f.record().Sources[b]
	if box.UIDValidity == 0 { // the first time; prepare may just have examined it
		first := Scan{Flags: true, Details: f.mayPair()}
		if cur := f.source[b]; cur != nil {
			first.UIDValidity = cur.state.UIDValidity
			first.Details = f.manyMayPair(cur.state.Exists)
		}
		return f.forgetIfChanged(b, f.listFirst(ctx, src, b, first))
	}
	news, err := f.lowerNews(ctx, src, b, box)
	if err != nil {
		return err
	}
	news.Flags = f.flagsDue(b, news)
	all := f.fullDue(ctx, b)
	switch {
	case news.State.UIDValidity != 0 && news.State.UIDValidity != box.UIDValidity:
		return f.rebase(ctx, src, b, news.State)
	case !news.New && !news.Gone && !news.Flags && !all:
		f.lowerLooked(b, news.State)
		return nil
	case box.ModSeq != 0 && news.State.HighestModSeq != 0 && !all:
		err = f.listChanges(ctx, src, b, news.Gone)
	case news.New && !news.Gone && !news.Flags && !all:
		err = f.listBox(ctx, src, b, Scan{UIDValidity: box.UIDValidity, UIDs: from(box.UIDNext), Flags: true}, nil)
	default:
		err = f.listBox(ctx, src, b, Scan{UIDValidity: box.UIDValidity, Flags: true}, nil)
	}
	return f.forgetIfChanged(b, err)
}

// flagsDue tells whether flags have to be listed. A server without CONDSTORE cannot say which changed, nor, once the
// folder had to be opened anew, whether any did: of folders that nobody has open, large and quiet ones are listed
// ever more rarely.
func (f *folder) flagsDue(b uint16, news News) bool {
	if news.State.HighestModSeq != 0 {
		return news.Flags
	}
	cur := f.flagsListed[b]
	cur.owed = cur.owed || news.Flags
	if f.flagsListed == nil {
		f.flagsListed = make(map[uint16]flagsListed)
	}
	f.flagsListed[b] = cur
	return cur.owed && time.Since(cur.at) >= f.flagsPause(news.State.Exists)
}

// flagsListed is when a source folder's flags were last listed, and whether they may have changed since.
type flagsListed struct {
	at   time.Time
	owed bool
}

// flagsMany is how many messages make it dear to list their flags.
const flagsMany = 2000

// flagsPause is how long flags that were listed serve.
func (f *folder) flagsPause(exists uint32) time.Duration {
	f.acct.mu.Lock()
	seen := f.viewers > 0
	f.acct.mu.Unlock()
	switch {
	case seen || exists < flagsMany && f.lively():
		return 0
	case f.lively() || exists < flagsMany:
		return quietFactor * f.acct.e.opt.Recheck
	}
	return slowFactor * f.acct.e.opt.Recheck
}

// forgetIfChanged has the next look examine a source folder afresh whose UIDVALIDITY turned out to be another.
func (f *folder) forgetIfChanged(b uint16, err error) error {
	if errors.Is(err, ErrUIDValidity) {
		delete(f.source, b)
	}
	return err
}

// lowerNews polls, or compares a fresh EXAMINE with what the record says.
func (f *folder) lowerNews(ctx context.Context, src Mail, b uint16, box store.SourceBox) (News, error) {
	if cur := f.source[b]; cur != nil {
		return src.Poll(ctx, box.Name, cur.state)
	}
	st, err := src.Examine(ctx, box.Name)
	if err != nil {
		return News{}, err
	}
	return News{
		State: st,
		New:   st.UIDNext != box.UIDNext || st.UIDNext == 0,
		Gone:  int(st.Exists) != f.countBox(b), // or what was gone is back; the program may have ended before that was noted
		Flags: st.HighestModSeq == 0 || st.HighestModSeq != box.ModSeq,
	}, nil
}

func (f *folder) lowerLooked(b uint16, st BoxState) {
	f.source[b] = &cursor{state: st, looked: time.Now()}
}

// mayPair tells whether messages of the two sides could be the same ones: the destination's folder was not
// empty when it was first met.
func (f *folder) mayPair() bool { return f.destCursor().state.Exists > 0 }

// fewPairs is how many times as many messages the source's folder has where the details of those that may be pairs alone
// are asked for.
const fewPairs = 4

// manyMayPair tells whether so many of a source folder's messages may be on the destination that the details of all are
// asked for with their first listing. Else likely.go asks for those of a few, once the others are known.
func (f *folder) manyMayPair(exists uint32) bool {
	return uint64(f.destCursor().state.Exists)*fewPairs >= uint64(exists) && f.mayPair()
}

// maxAhead bounds what is allocated on a server's word.
const maxAhead = 1 << 20

// listChanges lists what changed since the last listing.
func (f *folder) listChanges(ctx context.Context, src Mail, b uint16, gone bool) error {
	box := f.record().Sources[b]
	what := Scan{UIDValidity: box.UIDValidity, Flags: true, ChangedSince: box.ModSeq}
	var v *vanished
	if gone {
		v = f.vanishing(b)
		what.Vanished = v.add
	}
	return f.listBox(ctx, src, b, what, v)
}

// listBox scans and merges. Where the count then disagrees, messages were deleted on the source: which, the source may
// have told; else a complete listing of UIDs tells.
func (f *folder) listBox(ctx context.Context, src Mail, b uint16, what Scan, v *vanished) error {
	full := what.UIDs == nil && what.ChangedSince == 0
	entries, st, err := f.scanBox(ctx, src, b, what, nil)
	if err != nil {
		return err
	}
	if !full && f.countBox(b) != int(st.Exists) {
		if err := f.loseVanished(ctx, src, b, st.Exists, v); err != nil {
			return err
		}
	}
	if !full && f.countBox(b) != int(st.Exists) {
		full = true
		if entries, st, err = f.scanBox(ctx, src, b, Scan{UIDValidity: st.UIDValidity, Flags: true}, entries[:0]); err != nil {
			return err
		}
	}
	if full {
		f.listedFully(b)
		if err := f.mergeGone(ctx, src, b, entries); err != nil {
			return err
		}
		if f.copyingGone(b, entries) || f.recallsLater(b, entries) {
			delete(f.source, b) // it is noticed when the copy is there, or gone: the next look counts again
			return nil
		}
	} else { // the count agrees
		f.setProblem(sourceProblem(b), "")
	}
	f.lowerLooked(b, st)
	return nil
}

// scanBox lists and takes in what it lists.
func (f *folder) scanBox(ctx context.Context, src Mail, b uint16, what Scan, entries []Entry) ([]Entry, BoxState, error) {
	box := f.record().Sources[b]
	if what.UIDs == nil && what.ChangedSince == 0 && entries == nil {
		exists := box.Exists
		if cur := f.source[b]; cur != nil {
			exists = cur.state.Exists
		}
		entries = make([]Entry, 0, min(exists+1024, maxAhead))
	}
	st, err := src.Scan(ctx, box.Name, what, func(e Entry) error { entries = append(entries, e); return nil })
	if err != nil {
		return nil, st, err
	}
	return entries, st, f.takeLower(ctx, b, st, entries, what)
}

// listedFully notes a complete listing.
func (f *folder) listedFully(b uint16) {
	if f.flagsListed != nil {
		f.flagsListed[b] = flagsListed{at: time.Now()}
	}
	if f.listedAll != nil {
		f.listedAll[b] = time.Now()
	}
}
