package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossfade/store"
)

// listDest lists the destination's folders. Where they go is decided once: before that they are listed twice, so that
// one answer that leaves some out does not put anybody's Sent into another folder than theirs.
func (a *account) listDest(ctx context.Context, w Writer) ([]Folder, error) {
	first, err := w.Folders(ctx)
	if err != nil || len(a.all()) > 0 {
		return first, err
	}
	again, err := w.Folders(ctx)
	if err != nil {
		return nil, err
	}
	names := func(fs []Folder) (out []string) {
		for _, f := range fs {
			out = append(out, f.Name)
		}
		slices.Sort(out)
		return out
	}
	if !slices.Equal(names(first), names(again)) {
		return nil, fmt.Errorf("destination: it lists %d folders, and then %d: %w", len(first), len(again), ErrUnavailable)
	}
	return again, nil
}

// notePresence keeps what the destination lists, and forgets shown folders that only the destination had and
// that were deleted there: when it says so, not when one listing lacks them.
func (a *account) notePresence(ctx context.Context, dest []Folder, w Writer) {
	seen := make(map[string]Folder, len(dest))
	for _, d := range dest {
		seen[d.Path.Key()] = d
	}
	for _, f := range a.all() {
		rec := f.record()
		d, ok := seen[rec.Path.Key()]
		if !ok && !slices.ContainsFunc(rec.Sources, func(s store.SourceBox) bool { return !unmet(&s) }) {
			gone, err := isGone(ctx, w, rec.Name)
			if gone {
				err = a.dropFolder(f)
			} else if err == nil {
				err = errUnlisted
			}
			if err != nil {
				a.log.Warn("a folder is not listed by the destination any more", "folder", rec.Name, "err", err)
			}
			continue
		}
		f.mu.Lock()
		f.onDest = presence{Exists: ok && selectable(d.Attrs), Attrs: d.Attrs, Subscribed: ok && d.Subscribed}
		f.mu.Unlock()
	}
}

var errUnlisted = errors.New("it can still be opened")

// selectable tells whether a listed mailbox can hold messages (RFC 3501 7.2.2, RFC 5258 3.4).
func selectable(attrs []string) bool {
	return !hasAttr(attrs, `\Noselect`) && !hasAttr(attrs, `\NonExistent`)
}
