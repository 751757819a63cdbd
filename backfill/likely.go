package backfill

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// learnLikely learns, before a first listing of the destination is matched, the details of those source messages that may
// be what it lists: pairs have one size (see propose). Where the destination has a few messages, as a rule, a client that
// waits for a large folder does not wait until the source has opened each message to tell its Message-ID.
func (f *folder) learnLikely(ctx context.Context, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	sizes := make(map[int64]bool, len(entries))
	for _, en := range entries {
		sizes[en.Size] = true
	}
	unknown := split(f.where(func(l *store.Link) bool { return l.State == store.Listed && l.Src != 0 && l.Dst == 0 && !l.HasDetails }))
	for _, b := range unknown.boxes() {
		err := f.learnLikelyIn(ctx, b, sizes, unknown.below[b])
		if errors.Is(err, ErrNoFolder) || errors.Is(err, ErrUIDValidity) { // of the source: it is not the destination's that is another
			return fmt.Errorf("source: %v", err)
		}
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
	}
	return nil
}

// learnLikelyIn does so for one source folder: it asks for all sizes, and for the rest of what has one of the given ones.
func (f *folder) learnLikelyIn(ctx context.Context, b uint16, sizes map[int64]bool, links []store.Link) error {
	src, err := f.acct.source(ctx)
	if err != nil {
		return err
	}
	box := f.record().Sources[b]
	var likely imap.UIDSet
	what := Scan{UIDValidity: box.UIDValidity, Sizes: true}
	if _, err := src.Scan(ctx, box.Name, what, func(en Entry) error {
		if sizes[en.Size] {
			likely.AddNum(imap.UID(en.UID))
		}
		return nil
	}); err != nil || len(likely) == 0 {
		return err
	}
	told := make(map[uint32]Entry)
	what = Scan{UIDValidity: box.UIDValidity, UIDs: likely, Details: true}
	if _, err := src.Scan(ctx, box.Name, what, func(en Entry) error { told[en.UID] = en; return nil }); err != nil {
		return err
	}
	return f.edit(func(e *edit) error {
		for i := range links {
			l, ok := e.link(links[i].UID)
			if en, is := told[links[i].Src]; ok && is && l.Src == links[i].Src && l.Box == b && !l.HasDetails {
				setDetails(&l, en)
				e.put(l)
			}
		}
		return nil
	})
}
