package backfill

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// Store changes flags. Those of copied mail go to the destination; those of the others are kept in the state,
// durable before the answer, and carried into the copy. A message that is copied in this very moment is done
// again in the next round.
func (m *Mailbox) Store(ctx context.Context, uids []uint32, op FlagOp, flags mapping.Flags) error {
	if err := m.a.e.room(); err != nil {
		return err
	}
	done, err := m.pass(ctx)
	if err != nil {
		return err
	}
	defer done()
	return m.storeAll(ctx, uids, op, flags)
}

func (m *Mailbox) storeAll(ctx context.Context, uids []uint32, op FlagOp, flags mapping.Flags) error {
	for len(uids) > 0 {
		var upper []store.Link
		for _, l := range m.f.snapshot(uids) {
			if onlyAbove(&l) {
				upper = append(upper, l)
			}
		}
		if err := m.storeUpper(ctx, upper, op, flags); err != nil {
			return err
		}
		done := make(map[uint32]bool, len(upper))
		for _, l := range upper {
			done[l.UID] = true
		}
		var again []uint32
		err := m.f.edit(func(e *edit) error {
			again = again[:0]
			for _, u := range uids {
				l, ok := e.link(u)
				switch {
				case !ok || l.State == store.Whiteout || done[u]:
				case onlyAbove(&l):
					again = append(again, u)
				default:
					e.touch(l, op, flags)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		uids = again
	}
	return nil
}

// onlyAbove tells whether the flags of the message are the destination's.
func onlyAbove(l *store.Link) bool { return l.State == store.Copied || l.State == store.Above }

// touch changes the flags of a link that is not on the destination yet.
func (e *edit) touch(l store.Link, op FlagOp, flags mapping.Flags) {
	now := applyFlags(e.flagsOf(l.Flags), op, flags)
	if id := e.flags(now); id != l.Flags || !l.Touched {
		l.Flags, l.Touched = id, true
		e.put(l)
	}
}

func applyFlags(now mapping.Flags, op FlagOp, flags mapping.Flags) mapping.Flags {
	switch op {
	case FlagsAdd:
		return now.Add(flags)
	case FlagsRemove:
		return now.Remove(flags)
	}
	return flags
}

// storeUpper stores flags on the destination and keeps what it answers, and what it cannot hold.
func (m *Mailbox) storeUpper(ctx context.Context, links []store.Link, op FlagOp, flags mapping.Flags) error {
	if len(links) == 0 {
		return nil
	}
	w, err := m.a.dest(ctx)
	if err != nil {
		return err
	}
	if err := m.f.flagging.take(ctx); err != nil {
		return err
	}
	defer m.f.flagging.release()
	var set imap.UIDSet
	for _, l := range links {
		set.AddNum(imap.UID(l.Dst))
	}
	rec := m.f.record()
	got := map[uint32]mapping.Flags{}
	if sent := m.f.keeps().holdable(flags); sent != "" || op == FlagsSet {
		if got, err = w.Store(ctx, rec.Name, rec.DestUIDValidity, set, op, sent); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
	}
	return m.f.edit(func(e *edit) error {
		for _, asked := range links {
			l, ok := e.link(asked.UID)
			if !ok || l.Dst != asked.Dst {
				continue
			}
			want := applyFlags(e.flagsOf(l.Flags), op, flags)
			now, answered := got[l.Dst]
			if !answered {
				now = e.flagsOf(l.Sent)
			}
			l.Flags, l.Sent, l.Touched = e.flags(keptWith(want, now)), e.flags(now), true
			e.put(l)
		}
		return nil
	})
}

// keptWith is what is shown when the destination has now and a client wanted want: the destination's system
// flags, and the keywords of both, because a keyword it dropped is kept for it.
func keptWith(want, now mapping.Flags) mapping.Flags {
	out := now
	for _, s := range want.List() {
		if s[0] != '\\' {
			out = out.Add(mapping.NewFlags(s))
		}
	}
	return out
}
