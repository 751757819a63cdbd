package backfill

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// flagRounds bounds how often flags that clients keep changing are stored again before a copy is linked.
const flagRounds = 5

// finishCopies makes links of copies whose destination UIDs are known (found: by shown UID); the caller holds
// writer. Flags that changed on the way, or that the destination dropped, are stored before the link becomes
// copied. A UID that the destination does not list is not believed: the link stays in flight.
func (f *folder) finishCopies(ctx context.Context, w Writer, found map[uint32]uint32) error {
	if len(found) == 0 {
		return nil
	}
	rec := f.record()
	var set imap.UIDSet
	for _, dst := range found {
		set.AddNum(imap.UID(dst))
	}
	actual, sizes := make(map[uint32]mapping.Flags, len(found)), make(map[uint32]int64)
	what := Scan{UIDValidity: rec.DestUIDValidity, UIDs: set, Flags: true, Details: f.sample()}
	_, err := w.Scan(ctx, rec.Name, what, func(e Entry) error {
		if actual[e.UID] = e.Flags; what.Details {
			sizes[e.UID] = e.Size
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := f.noteAltered(ctx, w, found, sizes); err != nil {
		return err
	}
	for uid, dst := range found {
		if _, ok := actual[dst]; !ok {
			delete(found, uid)
		}
	}
	before, err := f.cameBefore(ctx, w, found)
	if err != nil {
		return err
	}
	for round := 0; len(found) > 0 && round < flagRounds; round++ {
		wanted, err := f.storeWanted(ctx, w, found, actual)
		if err != nil {
			return err
		}
		if found, err = f.linkCopies(found, actual, wanted, before); err != nil {
			return err
		}
		before = nil
	}
	return nil
}

// change is one STORE for several messages.
type change struct {
	op    FlagOp
	flags mapping.Flags
}

// storeWanted brings the copies' flags to what the links want, as far as the destination can hold them. It
// returns what was wanted.
func (f *folder) storeWanted(ctx context.Context, w Writer, found map[uint32]uint32, actual map[uint32]mapping.Flags) (map[uint32]mapping.Flags, error) {
	rec, keeps := f.record(), f.keeps()
	wanted := make(map[uint32]mapping.Flags, len(found))
	changes := make(map[change]imap.UIDSet)
	note := func(op FlagOp, flags mapping.Flags, dst uint32) {
		if flags != "" {
			set := changes[change{op, flags}]
			set.AddNum(imap.UID(dst))
			changes[change{op, flags}] = set
		}
	}
	for uid, dst := range found {
		l, ok := f.get(uid)
		if !ok || l.State == store.Whiteout {
			continue
		}
		want, now := f.flags(l.Flags), actual[dst]
		wanted[uid] = want
		note(FlagsAdd, keeps.holdable(want).Remove(now), dst)
		note(FlagsRemove, now.Remove(want), dst)
	}
	for c, set := range changes {
		got, err := w.Store(ctx, rec.Name, rec.DestUIDValidity, set, c.op, c.flags)
		if err != nil {
			return nil, err
		}
		for dst, flags := range got {
			actual[dst] = flags
		}
	}
	return wanted, nil
}

// linkCopies commits the copies whose flags are in place and returns the others, which a client changed in
// that very moment.
func (f *folder) linkCopies(found map[uint32]uint32, actual, wanted map[uint32]mapping.Flags, before []Entry) (map[uint32]uint32, error) {
	again := make(map[uint32]uint32)
	highest, taken, all := uint32(0), uint64(0), true
	err := f.edit(func(e *edit) error {
		e.insertBefore(before)
		for uid, dst := range found {
			l, ok := e.link(uid)
			if !ok {
				all = false
				continue
			}
			highest = max(highest, dst+1)
			switch {
			case l.State == store.Whiteout: // deleted while it was copied: the copy goes next
				l.Dst, l.Paired = dst, false
			case !inFlight(&l) && !l.Paired: // it went on the source while it was compared
				all = false
				continue
			case e.flagsOf(l.Flags) != wanted[uid]:
				again[uid], all = dst, false
				continue
			default:
				l.State, l.Dst, l.Paired, l.Sent = store.Copied, dst, false, e.flags(actual[dst])
				_, l.Altered = f.altered[uid]
				taken++
			}
			e.put(l)
		}
		if e.rec.Identity.Native && all { // all below is accounted for; see cameBefore
			r := e.record()
			r.DestUIDNext = max(r.DestUIDNext, highest)
		}
		e.closeIntentIfDone()
		return nil
	})
	f.noteAppended(highest)
	f.acct.taken.Add(taken)
	return again, err
}

// removePending removes from the destination the copies of messages that a client deleted while they were
// being copied; the caller holds writer. Nothing is removed when the state can be written no more: its last write may be
// durable although it failed, and then what is to be removed by memory may be a message by the state.
func (f *folder) removePending(ctx context.Context, w Writer) error {
	if f.counted().removing == 0 {
		return nil
	}
	if err := f.acct.e.room(); err != nil {
		return err
	}
	gone := f.where(func(l *store.Link) bool { return l.State == store.Whiteout && l.Dst != 0 && !l.Paired })
	if err := f.removeUpper(ctx, w, gone); err != nil {
		return err
	}
	return f.edit(func(e *edit) error {
		for _, g := range gone {
			if l, ok := e.link(g.UID); ok && l.State == store.Whiteout {
				l.Dst = 0
				e.settle(l)
			}
		}
		return nil
	})
}

// removeUpper expunges messages on the destination, exactly these.
func (f *folder) removeUpper(ctx context.Context, w Writer, links []store.Link) error {
	var set imap.UIDSet
	for _, l := range links {
		if l.Dst != 0 {
			set.AddNum(imap.UID(l.Dst))
		}
	}
	if len(set) == 0 {
		return nil
	}
	rec := f.record()
	if _, err := w.Store(ctx, rec.Name, rec.DestUIDValidity, set, FlagsAdd, mapping.NewFlags(`\Deleted`)); err != nil {
		return err
	}
	return w.Expunge(ctx, rec.Name, rec.DestUIDValidity, set)
}
