package backfill

import (
	"context"
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
	pages := make(chan []Entry, 2)
	var st BoxState
	var last uint32
	f.mu.RLock()
	known := bySource(f.links, b) // hardly ever any
	f.mu.RUnlock()
	g, gctx := errgroup.WithContext(ctx)
	cur := f.source[b]
	g.Go(func() error {
		defer close(pages)
		if cur != nil && cur.state.Exists == 0 && time.Since(cur.looked) < justNow { // a far source need not say it twice
			st = cur.state
			return nil
		}
		var err error
		st, err = scanPages(gctx, src, name, what, pages)
		return err
	})
	g.Go(func() error {
		for page := range pages {
			if err := f.edit(func(e *edit) error {
				e.add = make([]store.Link, 0, len(page))
				for _, en := range page {
					if _, ok := known[en.UID]; !ok {
						e.insertLower(b, en, what.Details)
					}
				}
				return nil
			}); err != nil {
				return err
			}
			last = page[len(page)-1].UID
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	err := f.edit(func(e *edit) error {
		e.lowerListed(b, st, last)
		e.rec.Sources[b].First = max(e.rec.Sources[b].UIDNext, 1)
		return nil
	})
	if err != nil {
		return err
	}
	f.lowerLooked(b, st)
	return nil
}

// scanPages scans a folder and hands the entries on in pages, none of them empty.
func scanPages(ctx context.Context, src Mail, name string, what Scan, pages chan<- []Entry) (BoxState, error) {
	var page []Entry
	send := func() error {
		select {
		case pages <- page:
			page = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	st, err := src.Scan(ctx, name, what, func(en Entry) error {
		if page == nil {
			page = make([]Entry, 0, pageEntries)
		}
		if page = append(page, en); len(page) < pageEntries {
			return nil
		}
		return send()
	})
	if err == nil && len(page) > 0 {
		err = send()
	}
	return st, err
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
