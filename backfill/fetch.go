package backfill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// Fetch passes FETCH attributes through as bytes. A message that was born on the source is answered by the
// source, whole: two servers' parsers under one UID garble attachments. If the source is down, the destination
// answers for what has been copied, and the rest is unavailable (rule 4).
func (m *Mailbox) Fetch(ctx context.Context, uids []uint32, items []string, each func(*RawItem) error) error {
	done, err := m.pass(ctx)
	if err != nil {
		return err
	}
	defer done()
	links := m.f.snapshot(uids)
	s := m.f.sides(links)
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
		return errDeleted
	}
	return nil
}

// fetchLower asks the source, or the destination where the source does not answer.
func (m *Mailbox) fetchLower(ctx context.Context, b uint16, links []store.Link, items []string, each func(*RawItem) error) error {
	p := newPassing(links, func(l *store.Link) uint32 { return l.Src }, each)
	src, err := m.a.source(ctx)
	if err == nil {
		box := m.f.record().Sources[b]
		err = p.fetch(ctx, src, box.Name, RawFetch{UIDValidity: box.UIDValidity, Items: items})
	}
	if err != nil && (p.begun || !m.passable(err)) {
		return fmt.Errorf("source: %w", err)
	}
	var copied, other []store.Link
	for _, l := range p.left {
		if l.State == store.Copied {
			copied = append(copied, l)
		} else {
			other = append(other, l)
		}
	}
	saved, other := m.f.savedOnes(other)
	if len(other) > 0 {
		return errors.Join(ErrUnavailable, err)
	}
	if err := m.fetchUpper(ctx, copied, items, each); err != nil {
		return err
	}
	return m.fetchSaved(ctx, saved, items, each)
}

// passable tells whether the destination may answer in the place of the source, for what was copied.
func (m *Mailbox) passable(err error) bool {
	return IsUnavailable(err) || errors.Is(err, ErrUIDValidity) || errors.Is(err, ErrNoFolder)
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
	p := newPassing(links, func(l *store.Link) uint32 { return l.Dst }, each)
	rec := m.f.record()
	if err := p.fetch(ctx, w, rec.Name, RawFetch{UIDValidity: rec.DestUIDValidity, Items: items}); err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	if len(p.left) > 0 {
		return errDeleted
	}
	return nil
}

var errDeleted = &Refusal{Code: "EXPUNGEISSUED", Text: "some of the messages were deleted meanwhile"}

// passing hands one server's answers on under the shown UIDs and knows what was not answered.
type passing struct {
	left  map[uint32]store.Link // by the server's UID
	begun bool
	each  func(*RawItem) error
}

func newPassing(links []store.Link, number func(*store.Link) uint32, each func(*RawItem) error) *passing {
	p := &passing{left: make(map[uint32]store.Link, len(links)), each: each}
	for i := range links {
		p.left[number(&links[i])] = links[i]
	}
	return p
}

// fetch asks for what is left. What is still left afterwards is not on the server any more: a message that is
// there but has nothing of what was asked for counts as answered.
func (p *passing) fetch(ctx context.Context, m Mail, box string, want RawFetch) error {
	want.UIDs = SetOf(slices.Sorted(maps.Keys(p.left)))
	err := m.FetchRaw(ctx, box, want, func(it *RawItem) error {
		l, ok := p.left[it.UID]
		if !ok {
			return nil
		}
		p.begun = true
		delete(p.left, it.UID)
		it.UID = l.UID
		return p.each(it)
	})
	if err != nil || len(p.left) == 0 {
		return err
	}
	there := Scan{UIDValidity: want.UIDValidity}
	there.UIDs = SetOf(slices.Sorted(maps.Keys(p.left)))
	_, err = m.Scan(ctx, box, there, func(e Entry) error { delete(p.left, e.UID); return nil })
	return err
}

// SetOf is the set of numbers that ascend: UIDSet's own AddNum takes a microsecond for each.
func SetOf(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, u := range uids {
		if n := len(set); n > 0 && set[n-1].Stop+1 == imap.UID(u) {
			set[n-1].Stop = imap.UID(u)
			continue
		}
		set = append(set, imap.UIDRange{Start: imap.UID(u), Stop: imap.UID(u)})
	}
	return set
}
