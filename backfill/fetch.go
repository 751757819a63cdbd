package backfill

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// Fetch passes FETCH attributes through as bytes. A message that was born on the source is answered by the
// source, whole: two servers' parsers under one UID garble attachments. If the source is down, the destination
// answers for what has been copied, and the rest is unavailable (rule 4).
func (m *Mailbox) Fetch(ctx context.Context, uids []uint32, items []string, each func(*RawItem) error) error {
	links := m.f.snapshot(uids)
	s := split(links)
	for _, b := range s.boxes() {
		for _, layer := range layers(s.below[b]) {
			if err := m.fetchLower(ctx, b, layer, items, each); err != nil {
				return err
			}
		}
	}
	if err := m.fetchUpper(ctx, s.above, items, each); err != nil {
		return err
	}
	if len(links) < len(uids) {
		return &Refusal{Code: "EXPUNGEISSUED", Text: "some of the messages were deleted meanwhile"}
	}
	return nil
}

// fetchLower asks the source, or the destination where the source does not answer.
func (m *Mailbox) fetchLower(ctx context.Context, b uint16, links []store.Link, items []string, each func(*RawItem) error) error {
	shown := make(map[uint32]uint32, len(links))
	var set imap.UIDSet
	for _, l := range links {
		shown[l.Src] = l.UID
		set.AddNum(imap.UID(l.Src))
	}
	begun := false
	src, err := m.a.source(ctx)
	if err == nil {
		box := m.f.record().Sources[b]
		want := RawFetch{UIDValidity: box.UIDValidity, UIDs: set, Items: items}
		err = src.FetchRaw(ctx, box.Name, want, relabel(shown, func(it *RawItem) error { begun = true; return each(it) }))
	}
	switch {
	case err == nil:
		return nil
	case begun || !(IsUnavailable(err) || errors.Is(err, ErrUIDValidity)):
		return fmt.Errorf("source: %w", err)
	}
	var copied []store.Link
	for _, l := range links {
		if l.State == store.Copied {
			copied = append(copied, l)
		}
	}
	if err := m.fetchUpper(ctx, copied, items, each); err != nil {
		return err
	}
	if len(copied) < len(links) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// fetchUpper asks the destination.
func (m *Mailbox) fetchUpper(ctx context.Context, links []store.Link, items []string, each func(*RawItem) error) error {
	if len(links) == 0 {
		return nil
	}
	w, err := m.a.dest(ctx)
	if err != nil {
		return err
	}
	shown := make(map[uint32]uint32, len(links))
	var set imap.UIDSet
	for _, l := range links {
		shown[l.Dst] = l.UID
		set.AddNum(imap.UID(l.Dst))
	}
	rec := m.f.record()
	want := RawFetch{UIDValidity: rec.DestUIDValidity, UIDs: set, Items: items}
	if err := w.FetchRaw(ctx, rec.Name, want, relabel(shown, each)); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	return nil
}

// relabel puts the shown UID in the place of the server's.
func relabel(shown map[uint32]uint32, each func(*RawItem) error) func(*RawItem) error {
	return func(it *RawItem) error {
		uid, ok := shown[it.UID]
		if !ok {
			return nil
		}
		it.UID = uid
		return each(it)
	}
}
