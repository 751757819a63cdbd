package backfill

import (
	"context"
	"fmt"

	"crossfade/store"
)

// Expunge removes exactly these messages. What only the source has gets a whiteout: it is never copied and
// never shown again. What is being copied gets one too, and its copy is removed as soon as its UID is known.
func (m *Mailbox) Expunge(ctx context.Context, uids []uint32) error {
	if err := m.a.e.room(); err != nil {
		return err
	}
	done, err := m.pass(ctx)
	if err != nil {
		return err
	}
	defer done()
	return m.expunge(ctx, uids)
}

func (m *Mailbox) expunge(ctx context.Context, uids []uint32) error {
	if err := m.confirmPairs(ctx, uids); err != nil {
		return err
	}
	if err := m.f.learnBeforeWhiteout(ctx, uids); err != nil {
		return err
	}
	for len(uids) > 0 {
		var upper []store.Link
		for _, l := range m.f.snapshot(uids) {
			if onlyAbove(&l) {
				upper = append(upper, l)
			}
		}
		if len(upper) > 0 {
			w, err := m.a.dest(ctx)
			if err != nil {
				return err
			}
			if err := m.f.leave(upper, func() error { return m.f.removeUpper(ctx, w, upper) }); err != nil {
				return fmt.Errorf("destination: %w", err)
			}
		}
		var err error
		if uids, err = m.whiteOut(uids, upper); err != nil {
			return err
		}
	}
	return nil
}

// whiteOut takes the messages out of the state. upper are gone from the destination already; messages that
// were copied meanwhile are returned for another round.
func (m *Mailbox) whiteOut(uids []uint32, upper []store.Link) (again []uint32, err error) {
	removed := make(map[uint32]uint32, len(upper))
	for _, l := range upper {
		removed[l.UID] = l.Dst
	}
	err = m.f.edit(func(e *edit) error {
		again = again[:0]
		for _, u := range uids {
			l, ok := e.link(u)
			if !ok || l.State == store.Whiteout {
				continue
			}
			if onlyAbove(&l) && removed[u] != l.Dst {
				again = append(again, u)
				continue
			}
			e.remove(l)
		}
		return nil
	})
	return again, err
}

// remove takes one message out of the folder; its copy on the destination, if any, is gone already.
func (e *edit) remove(l store.Link) {
	switch {
	case l.State == store.Above && l.Src == 0:
		e.forget(l.UID)
		return
	case l.State == store.Copying:
		l.Paired = true // an APPEND may be in flight: its copy is removed when it is known
	case l.State == store.Quarantined:
		e.release(l.UID)
		l.Dst, l.Paired = 0, false
	default:
		if l.Paired { // never confirmed: what the destination has is nobody's copy and gets its own number
			e.insertUpper(Entry{UID: l.Dst}, false)
			e.record().DestModSeq = 0 // its flags are to be listed
		}
		l.Dst, l.Paired = 0, false
	}
	l.State, l.Touched, l.Leaving = store.Whiteout, true, false
	e.put(l)
}

// confirmPairs settles provisional pairs among the messages, so that what happens to one happens to the very
// message the client saw.
func (m *Mailbox) confirmPairs(ctx context.Context, uids []uint32) error {
	byBox := make(map[uint16][]store.Link)
	for _, l := range m.f.snapshot(uids) {
		if l.Paired {
			byBox[l.Box] = append(byBox[l.Box], l)
		}
	}
	for _, links := range byBox {
		if err := m.f.confirm(ctx, links); err != nil {
			return err
		}
	}
	return nil
}
