package backfill

import (
	"context"
	"slices"
	"sync"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// Mailbox is a folder that a session has selected. All UIDs are shown ones. Its methods may be called until
// Close.
type Mailbox struct {
	a        *account
	f        *folder
	readOnly bool
	closing  sync.Once
}

// Name is the folder's shown name.
func (m *Mailbox) Name() string { return m.f.record().Name }

// ReadOnly tells whether it was opened by EXAMINE.
func (m *Mailbox) ReadOnly() bool { return m.readOnly }

// Status is the folder's present state in shown numbers.
func (m *Mailbox) Status() Status { return m.f.status() }

// Close ends the use of the folder.
func (m *Mailbox) Close() {
	m.closing.Do(func() {
		m.f.unview()
		m.f.done()
	})
}

// Flags returns the flags in use and those that clients may change. Keywords are always taken: what the
// destination cannot hold stays in the state.
func (m *Mailbox) Flags() (flags, permanent mapping.Flags, anyKeyword bool) {
	permanent = mapping.NewFlags(`\Answered`, `\Flagged`, `\Deleted`, `\Seen`, `\Draft`)
	m.f.mu.RLock()
	var all []string
	for _, s := range m.f.sets.list {
		all = append(all, s.List()...)
	}
	m.f.mu.RUnlock()
	return permanent.Add(mapping.NewFlags(all...)), permanent, true
}

// Changes is what happened since a version; 0 asks for everything.
func (m *Mailbox) Changes(since uint64) Changes { return m.f.changes(since) }

// Changed returns a channel that is closed at the first change after version since.
func (m *Mailbox) Changed(since uint64) <-chan struct{} { return m.f.changedSince(since) }

// Refresh looks at both sides now, unless that was done within the last second.
func (m *Mailbox) Refresh(ctx context.Context) error {
	done, err := m.pass(ctx)
	if err != nil {
		return err
	}
	defer done()
	err = m.f.refresh(ctx, time.Second)
	if IsUnavailable(err) {
		return nil // what is known is served; news comes when the server is back
	}
	return err
}

// Items returns what the state knows of the messages; those that are gone are left out.
func (m *Mailbox) Items(uids []uint32) []ItemState {
	f := m.f
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]ItemState, 0, len(uids))
	at := 0
	for _, u := range uids {
		// Callers ask in ascending order, mostly for neighbours.
		if at < len(f.links) && f.links[at].UID < u {
			at++
		}
		if at >= len(f.links) || f.links[at].UID != u {
			at, _ = find(f.links, u)
		}
		if at < len(f.links) && f.links[at].UID == u && visible(&f.links[at]) {
			out = append(out, f.item(at))
		}
	}
	return out
}

// sides groups messages by the server that answers for them; see folder.sides. split: what was born on the source and is still there is
// answered by the source, in the order of its folders; the rest by the destination.
type sides struct {
	below map[uint16][]store.Link
	above []store.Link
}

func split(links []store.Link) sides {
	s := sides{below: make(map[uint16][]store.Link)}
	for _, l := range links {
		if l.Src != 0 && !(l.Lost && onlyAbove(&l)) {
			s.below[l.Box] = append(s.below[l.Box], l)
		} else {
			s.above = append(s.above, l)
		}
	}
	return s
}

// boxes are the source folders concerned, in order.
func (s sides) boxes() []uint16 {
	out := make([]uint16, 0, len(s.below))
	for b := range s.below {
		out = append(out, b)
	}
	slices.Sort(out)
	return out
}
