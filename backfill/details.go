package backfill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// learnDetails asks for the size, date and Message-ID of messages whose listing did not tell them: a folder is
// opened with UIDs and flags only, because nothing else is needed to show it.
func (f *folder) learnDetails(ctx context.Context) error {
	missing := f.sides(f.where(func(l *store.Link) bool { return visible(l) && !l.HasDetails }))
	if err := f.detailsBelow(ctx, missing); err != nil {
		return err
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

// detailsBelow learns the details of what the source answers for.
func (f *folder) detailsBelow(ctx context.Context, missing sides) error {
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
	return nil
}

// farewellWait is how long a source that does not answer keeps a client waiting who deletes mail.
const farewellWait = 10 * time.Second

// learnBeforeWhiteout learns the details of messages that are about to be deleted here and are on the source
// only: by them they are known again if the source numbers its folder anew. A source that does not tell them
// keeps nobody from deleting.
func (f *folder) learnBeforeWhiteout(ctx context.Context, uids []uint32) error {
	missing := split(slices.DeleteFunc(f.snapshot(uids), func(l store.Link) bool { return l.HasDetails || l.Src == 0 || onlyAbove(&l) }))
	if len(missing.below) == 0 {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, farewellWait)
	defer cancel()
	if err := f.detailsBelow(short, missing); err != nil {
		f.acct.log.Warn("messages are deleted whose size and date the source did not tell", "folder", f.record().Name, "err", err)
	}
	return ctx.Err()
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
