package backfill

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
)

// pageEntries is how many messages of a first listing are taken in at a time.
const pageEntries = 16384

// justNow is how long ago a source folder may have been examined that is found empty: what comes later is seen at the
// next look, as what comes after a listing is.
const justNow = 5 * time.Second

// listFirst takes in a source folder's first listing while it arrives: a client waits for it. The record's
// cursor moves at the end only, so that a listing that was cut off is begun again.
func (f *folder) listFirst(ctx context.Context, src Mail, b uint16, what Scan) error {
	if err := f.dropUnfinished(b); err != nil {
		return err
	}
	name := f.record().Sources[b].Name
	pages := make(chan page, 2)
	var st BoxState
	f.mu.RLock()
	known := bySource(f.links, b) // hardly ever any
	f.mu.RUnlock()
	g, gctx := errgroup.WithContext(ctx)
	cur := f.source[b]
	if cur != nil {
		f.reserve(cur.state.Exists)
	}
	g.Go(func() error {
		defer close(pages)
		if cur != nil && cur.state.Exists == 0 && time.Since(cur.looked) < justNow { // a far source need not say it twice
			pages <- page{end: &cur.state}
			return nil
		}
		return scanPages(gctx, src, name, what, pages)
	})
	g.Go(func() error {
		last := uint32(0)
		for p := range pages {
			if n := len(p.entries); n > 0 {
				last = p.entries[n-1].UID
			}
			if err := f.takePage(b, p, last, known, what.Details); err != nil {
				return err
			}
			if p.end != nil {
				st = *p.end
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	f.lowerLooked(b, st)
	return nil
}

// reserve makes room for as many links as the source says there are: growing page by page would copy them again and again.
func (f *folder) reserve(exists uint32) {
	n := int(min(exists, maxAhead))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.links, f.changed, f.shown = slices.Grow(f.links, n), slices.Grow(f.changed, n), slices.Grow(f.shown, n)
}

// page is a part of a first listing; end is what the folder was like, with the last one.
type page struct {
	entries []Entry
	end     *BoxState
}

// takePage stores a page, and with the last one the cursor: last is the greatest number of the listing by then.
func (f *folder) takePage(b uint16, p page, last uint32, known map[uint32]uint32, details bool) error {
	return f.edit(func(e *edit) error {
		e.add = make([]store.Link, 0, len(p.entries))
		for _, en := range p.entries {
			if _, ok := known[en.UID]; !ok {
				e.insertLower(b, en, details)
			}
		}
		if p.end != nil {
			e.lowerListed(b, *p.end, last)
			e.rec.Sources[b].First = max(e.rec.Sources[b].UIDNext, 1)
		}
		return nil
	})
}

// scanPages scans a folder and hands the entries on in pages. Only the last one may be empty.
func scanPages(ctx context.Context, src Mail, name string, what Scan, pages chan<- page) error {
	var p page
	send := func() error {
		select {
		case pages <- p:
			p = page{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	st, err := src.Scan(ctx, name, what, func(en Entry) error {
		if p.entries == nil {
			p.entries = make([]Entry, 0, pageEntries)
		}
		if p.entries = append(p.entries, en); len(p.entries) < pageEntries {
			return nil
		}
		return send()
	})
	if err != nil {
		return err
	}
	p.end = &st
	return send()
}

// dropUnfinished forgets what a first listing that was cut off took in: the folder's UIDVALIDITY was not
// recorded with it, so the numbers may mean something else by now. No client was told of them.
func (f *folder) dropUnfinished(b uint16) error {
	left := f.where(func(l *store.Link) bool { return onSource(l, b) && l.State == store.Listed && !l.Touched && l.Dst == 0 })
	if len(left) == 0 {
		return nil
	}
	return f.edit(func(e *edit) error {
		for _, l := range left {
			e.forget(l.UID)
		}
		return nil
	})
}
