package backfill

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A quiet account should cost its servers next to nothing. So folders are not opened to see whether something came:
// every so often both servers are asked how all of them are (Glancer), and only those are looked at of which they tell
// something else than before. Not everything shows that way, and some servers tell what was true a while ago: a folder
// is looked at in full all the same, more rarely (anyway), and whenever a client opens it.

// The pace of looks, in Options.Recheck. Clients that list or open get a fresh look whenever they do.
const (
	quietTree   = 10       // a listing of both trees, and a glance at the folders
	quietFactor = 20       // a look at a folder that a glance cannot tell about, or is an inbox
	slowFactor  = 6 * 20   // a look at any other folder
	fullFactor  = 24 * 120 // a complete listing of a folder of which the source tells only what changed
)

// glimpse is what both servers told of a folder without opening it.
type glimpse struct {
	at     time.Time  // when they were asked
	states []BoxState // of its source folders and of the destination's
}

// glance asks how the account's folders are, if it is time, and notes which are as they were. Where it fails, folders are
// looked at as if there were no such thing. Only the account's own worker calls it.
func (a *account) glance(ctx context.Context) {
	if a.rebuilding() || time.Since(a.glancedAt) < a.glancePause() {
		return
	}
	began := time.Now()
	a.glancedAt = began
	var folders []*folder
	for _, f := range a.all() {
		if f.mayGlance() {
			folders = append(folders, f)
		}
	}
	if len(folders) == 0 {
		return
	}
	below, above, err := a.glanceBoth(ctx, folders)
	if err != nil {
		if !errors.Is(err, ErrNotOffered) && ctx.Err() == nil {
			a.log.Debug("folders are looked at one by one", "err", err)
		}
		return
	}
	for _, f := range folders {
		f.glimpsed(below, above, began)
	}
}

// glancePause is how long a glance serves. Without LIST-STATUS it is a command for each folder.
func (a *account) glancePause() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := quietTree
	if a.src != nil && !a.src.Features().Caps.Has("LIST-STATUS") {
		n = quietFactor
	}
	if a.treeInfo.at.After(a.glancedAt) { // the trees were listed just now: a connection is open
		n -= quietTree / 2
	}
	return time.Duration(n) * a.e.opt.Recheck
}

func (a *account) glanceBoth(ctx context.Context, folders []*folder) (below, above map[string]BoxState, err error) {
	src, err := a.source(ctx)
	if err != nil {
		return nil, nil, err
	}
	dst, err := a.dest(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, ok1 := src.(Glancer)
	d, ok2 := dst.(Glancer)
	if !ok1 || !ok2 {
		return nil, nil, ErrNotOffered
	}
	var lower, upper []string
	for _, f := range folders {
		rec := f.record()
		if rec.Deleted.IsZero() {
			upper = append(upper, rec.Name)
		}
		for _, b := range ownSources(rec) {
			lower = append(lower, rec.Sources[b].Name)
		}
	}
	if len(lower) > 0 {
		if below, err = s.Glance(ctx, lower); err != nil {
			return nil, nil, err
		}
	}
	above, err = d.Glance(ctx, upper)
	return below, above, err
}

// mayGlance tells whether a folder could be left alone: nobody has it open, there is nothing to do in it and nothing
// wrong with it.
func (f *folder) mayGlance() bool {
	f.acct.mu.Lock()
	seen := f.viewers > 0
	f.acct.mu.Unlock()
	f.mu.RLock()
	defer f.mu.RUnlock()
	return !seen && f.tallied && !f.busy() && !f.owed && len(f.problems) == 0 && (f.rec.DestUIDValidity != 0 || !f.rec.Deleted.IsZero()) && !f.checked.IsZero()
}

// busy tells whether there is something to do in the folder; the caller holds mu.
func (f *folder) busy() bool {
	return f.tally.left()+f.tally.flying+f.tally.removing > 0
}

// noteLook notes a look that a client had.
func (f *folder) noteLook(began time.Time, err error) {
	if err != nil {
		f.owe()
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.owed {
		f.quietAt = began
	}
}

// owe has the next pass look at the folder.
func (f *folder) owe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.owed = true
}

// glimpsed compares what was told with what was told before the last look in full. That look saw everything up to then,
// so if nothing is different nothing has happened since, unless it is something that is not told.
func (f *folder) glimpsed(below, above map[string]BoxState, at time.Time) {
	rec := f.record()
	now := make([]BoxState, 0, 2)
	for _, b := range ownSources(rec) {
		now = append(now, below[rec.Sources[b].Name])
	}
	if rec.Deleted.IsZero() {
		now = append(now, above[rec.Name])
	}
	if slices.ContainsFunc(now, func(s BoxState) bool { return s.UIDValidity == 0 }) {
		f.glimpse = glimpse{}
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Equal(now, f.glimpse.states) && f.checked.After(f.glimpse.at) {
		f.quietAt = at
		return
	}
	f.glimpse = glimpse{at, now}
}
