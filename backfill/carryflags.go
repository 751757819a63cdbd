package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
// counts as seen is not asked for again. Meanwhile messages are copied: then it stores anew. It ends, because each round
// needs such a change.
func (f *folder) takeLower(ctx context.Context, b uint16, st BoxState, entries []Entry, what Scan) error {
	if err := f.flagging.take(ctx); err != nil {
		return err
	}
	defer f.flagging.release()
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
	p := f.pushing()
	f.mu.RLock()
	known := bySource(f.links, b)
	for _, en := range entries {
		i, ok := find(f.links, known[en.UID])
		if !ok || f.links[i].State != store.Copied {
			continue
		}
		l := &f.links[i]
		if base := f.sets.get(l.Base); base != en.Flags {
			p.note(l, f.sets.get(l.Sent), mapping.Merge(base, f.sets.get(l.Flags), en.Flags))
		}
	}
	f.mu.RUnlock()
	return p.carried, p.store(ctx)
}

// agree finds out the flags of the destination's messages that are to answer for provisional pairs which the source
// lost, and changes them as clients did. It returns them by shown UID.
func (f *folder) agree(ctx context.Context, lost []store.Link) (map[uint32]carriedFlags, error) {
	lost = slices.DeleteFunc(slices.Clone(lost), func(l store.Link) bool { return !l.Paired || l.State != store.Listed })
	if len(lost) == 0 {
		return nil, nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	above, err := f.flagsAbove(ctx, w, lost)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	p := f.pushing()
	for i := range lost {
		l := &lost[i]
		now, ok := above[l.Dst]
		switch {
		case !ok: // the next look there finds that out
		case l.Touched:
			base := f.flags(l.Base)
			p.note(l, now, mapping.Merge(base, base.Add(now), f.flags(l.Flags)))
		default:
			p.note(l, now, now)
		}
	}
	return p.carried, p.store(ctx)
}

// pushing are changes of flags on their way to the destination.
type pushing struct {
	f       *folder
	keeps   BoxState
	changes map[change]imap.UIDSet
	carried map[uint32]carriedFlags // by shown UID
	shown   map[uint32]uint32       // shown UID by destination UID
}

func (f *folder) pushing() *pushing {
	return &pushing{f, f.keeps(), make(map[change]imap.UIDSet), make(map[uint32]carriedFlags), make(map[uint32]uint32)}
}

// note has a message of which the destination has the flags now get those that are wanted, as far as it keeps them.
func (p *pushing) note(l *store.Link, now, want mapping.Flags) {
	add, remove := p.keeps.holdable(want).Remove(now), now.Remove(want)
	for _, c := range []change{{FlagsAdd, add}, {FlagsRemove, remove}} {
		if c.flags != "" {
			set := p.changes[c]
			set.AddNum(imap.UID(l.Dst))
			p.changes[c] = set
		}
	}
	p.carried[l.UID], p.shown[l.Dst] = carriedFlags{want, now.Add(add).Remove(remove)}, l.UID
}

func (p *pushing) store(ctx context.Context) error {
	if len(p.changes) == 0 {
		return nil
	}
	w, err := p.f.acct.dest(ctx)
	if err != nil {
		return err
	}
	rec := p.f.record()
	for c, set := range p.changes {
		got, err := w.Store(ctx, rec.Name, rec.DestUIDValidity, set, c.op, c.flags)
		if err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		for dst, flags := range got { // of what else it tells, the next look at it will know
			if uid, ok := p.shown[dst]; ok && c.op == FlagsAdd {
				now := p.carried[uid]
				now.sent = now.sent.Remove(c.flags.Remove(flags)) // it does not keep these
				p.carried[uid] = now
			}
		}
	}
	return nil
}
