package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// Search asks the servers about one key that the state cannot answer and returns the shown UIDs that match.
// Each message is judged by the server that answers for it; the source being down, copied mail is judged by
// the destination, and anything else makes the answer unavailable: it is never shorter than it should be.
func (m *Mailbox) Search(ctx context.Context, key SearchKey) (imap.UIDSet, error) {
	done, err := m.pass(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	s := m.f.sides(m.f.where(func(l *store.Link) bool { return visible(l) }))
	var hits []uint32
	for _, b := range s.boxes() {
		links := s.below[b]
		got, err := m.searchLower(ctx, b, key)
		if err == nil {
			hits = append(hits, pick(links, got, func(l *store.Link) uint32 { return l.Src })...)
			continue
		}
		if !m.passable(err) || slices.ContainsFunc(links, func(l store.Link) bool { return l.State != store.Copied }) {
			return nil, err
		}
		s.above = append(s.above, links...)
	}
	if len(s.above) > 0 {
		w, err := m.a.dest(ctx)
		if err != nil {
			return nil, err
		}
		rec := m.f.record()
		got, err := w.Search(ctx, rec.Name, rec.DestUIDValidity, key)
		if err != nil {
			return nil, fmt.Errorf("destination: %w", err)
		}
		hits = append(hits, pick(s.above, got, func(l *store.Link) uint32 { return l.Dst })...)
	}
	slices.Sort(hits)
	var out imap.UIDSet
	for _, u := range hits {
		out.AddNum(imap.UID(u))
	}
	return out, nil
}

func (m *Mailbox) searchLower(ctx context.Context, b uint16, key SearchKey) (imap.UIDSet, error) {
	src, err := m.a.source(ctx)
	if err != nil {
		return nil, err
	}
	box := m.f.record().Sources[b]
	got, err := src.Search(ctx, box.Name, box.UIDValidity, key)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return got, nil
}

// pick returns the shown UIDs of the links whose number on a side is in the set.
func pick(links []store.Link, set imap.UIDSet, number func(*store.Link) uint32) []uint32 {
	var out []uint32
	for i := range links {
		if set.Contains(imap.UID(number(&links[i]))) {
			out = append(out, links[i].UID)
		}
	}
	return out
}
