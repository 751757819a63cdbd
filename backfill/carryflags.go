package backfill

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// carriedFlags are a copy's flags after a change on the source was carried to the destination.
type carriedFlags struct {
	want mapping.Flags // to be shown
	sent mapping.Flags // on the destination
}

// errLate says that a listing tells flags of a message that was copied, or whose flags were changed, since the listing
// began or the copies' flags were stored.
var errLate = errors.New("flags changed while they were carried over")

// takeLower takes a listing into the links once the destination has what it changes of the copies' flags: what
// counts as seen is not asked for again. Meanwhile messages are copied and clients change flags: then it stores
// anew. It ends, because each round needs such a change.
func (f *folder) takeLower(ctx context.Context, b uint16, st BoxState, entries []Entry, what Scan) error {
	for {
		carried, err := f.carryFlags(ctx, b, entries)
		if err != nil {
			return err
		}
		if err = f.mergeLower(b, st, entries, what, carried); !errors.Is(err, errLate) {
			return err
		}
	}
}

// mergeCarried takes the source's flags into a link, unless it is a copy whose flags on the destination are others
// than what that comes to.
func (e *edit) mergeCarried(l store.Link, en Entry, carried map[uint32]carriedFlags) bool {
	base := e.flagsOf(l.Base)
	if l.State != store.Copied || base == en.Flags {
		e.mergeFlags(l, en)
		return true
	}
	c, ok := carried[l.UID]
	if !ok || c.want != mapping.Merge(base, e.flagsOf(l.Flags), en.Flags) {
		return false
	}
	l.Sent = e.flags(c.sent)
	e.mergeFlags(l, en)
	return true
}

// carryFlags brings changes that an old client made to flags on the source to the copies. It returns what these have
// now, by shown UID.
func (f *folder) carryFlags(ctx context.Context, b uint16, entries []Entry) (map[uint32]carriedFlags, error) {
	if f.counted().states[store.Copied] == 0 {
		return nil, nil
	}
	carried, dsts := make(map[uint32]carriedFlags), make(map[uint32]uint32) // dsts: shown UID by destination UID
	changes := make(map[change]imap.UIDSet)
	keeps := f.keeps()
	f.mu.RLock()
	known := bySource(f.links, b)
	for _, en := range entries {
		i, ok := find(f.links, known[en.UID])
		if !ok || f.links[i].State != store.Copied {
			continue
		}
		l := &f.links[i]
		base, now := f.sets.get(l.Base), f.sets.get(l.Sent)
		if base == en.Flags {
			continue
		}
		want := mapping.Merge(base, f.sets.get(l.Flags), en.Flags)
		add, remove := keeps.holdable(want).Remove(now), now.Remove(want)
		for _, c := range []change{{FlagsAdd, add}, {FlagsRemove, remove}} {
			if c.flags != "" {
				set := changes[c]
				set.AddNum(imap.UID(l.Dst))
				changes[c] = set
			}
		}
		carried[l.UID], dsts[l.Dst] = carriedFlags{want, now.Add(add).Remove(remove)}, l.UID
	}
	f.mu.RUnlock()
	if len(changes) == 0 {
		return carried, nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	rec := f.record()
	for c, set := range changes {
		got, err := w.Store(ctx, rec.Name, rec.DestUIDValidity, set, c.op, c.flags)
		if err != nil {
			return nil, err
		}
		for dst, flags := range got { // of what else it tells, the next look at it will know
			if uid, ok := dsts[dst]; ok && c.op == FlagsAdd {
				now := carried[uid]
				now.sent = now.sent.Remove(c.flags.Remove(flags)) // it does not keep these
				carried[uid] = now
			}
		}
	}
	return carried, nil
}
