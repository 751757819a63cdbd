package backfill

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// learnDetails asks for the size, date and Message-ID of messages whose listing did not tell them: a folder is
// opened with UIDs and flags only, because nothing else is needed to show it.
func (f *folder) learnDetails(ctx context.Context) error {
	missing := split(f.where(func(l *store.Link) bool { return visible(l) && !l.HasDetails }))
	for _, b := range missing.boxes() {
		src, err := f.acct.source(ctx)
		if err != nil {
			return err
		}
		box := f.record().Sources[b]
		number := func(l *store.Link) uint32 { return l.Src }
		if err := f.detailsOf(ctx, src, box.Name, box.UIDValidity, missing.below[b], number); err != nil {
			return fmt.Errorf("source: %w", err)
		}
	}
	if len(missing.above) == 0 {
		return nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	rec := f.record()
	number := func(l *store.Link) uint32 { return l.Dst }
	if err := f.detailsOf(ctx, w, rec.Name, rec.DestUIDValidity, missing.above, number); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	return nil
}

// detailsOf scans one server's folder and fills the links in.
func (f *folder) detailsOf(ctx context.Context, m Mail, box string, uidValidity uint32, links []store.Link, number func(*store.Link) uint32) error {
	var set imap.UIDSet
	for i := range links {
		set.AddNum(imap.UID(number(&links[i])))
	}
	entries := make(map[uint32]Entry, len(links))
	_, err := m.Scan(ctx, box, Scan{UIDValidity: uidValidity, UIDs: set, Details: true}, func(e Entry) error {
		entries[e.UID] = e
		return nil
	})
	if err != nil {
		return err
	}
	return f.edit(func(e *edit) error {
		for i := range links {
			l, ok := e.link(links[i].UID)
			en, told := entries[number(&links[i])]
			if ok && told && !l.HasDetails && number(&l) == number(&links[i]) && en.Size >= 0 && !en.Date.IsZero() {
				setDetails(&l, en)
				e.put(l)
			}
		}
		return nil
	})
}
