package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// Copy copies messages to another folder, all or none. What is still on the source only becomes a link there:
// its bytes follow in that folder's turn. Into a folder that has only the destination's numbers the message is
// copied before the answer.
func (m *Mailbox) Copy(ctx context.Context, uids []uint32, to string) (CopyResult, error) {
	return m.carry(ctx, uids, to, false)
}

// Move is Copy and then removal, message by message (RFC 6851).
func (m *Mailbox) Move(ctx context.Context, uids []uint32, to string) (CopyResult, error) {
	return m.carry(ctx, uids, to, true)
}

func (m *Mailbox) carry(ctx context.Context, uids []uint32, to string, move bool) (CopyResult, error) {
	out, err := m.pass(ctx)
	if err != nil {
		return CopyResult{}, err
	}
	defer out()
	t, done, err := newSession(m.a).folder(ctx, to, m.f)
	if err != nil {
		return CopyResult{}, err
	}
	defer done()
	if err := m.a.e.room(); err != nil {
		return CopyResult{}, err
	}
	if err := hasDest(t.record()); err != nil {
		return CopyResult{}, err
	}
	if err := m.confirmPairs(ctx, uids); err != nil {
		return CopyResult{}, err
	}
	if err := m.f.learnBeforeWhiteout(ctx, uids); err != nil { // for copies, too: their bytes follow later
		return CopyResult{}, err
	}
	c := &carrying{m: m, target: t, move: move, to: make(map[uint32]uint32), done: make(map[uint32]stray), strays: make(map[uint32]uint32)}
	defer c.removeLeft(ctx) // after the claim was given back
	if err := t.writer.take(ctx); err != nil {
		return CopyResult{}, err
	}
	defer t.writer.release()
	for len(uids) > 0 {
		if uids, err = c.round(ctx, uids); err != nil {
			return c.result(), err // what was moved before the error is told
		}
	}
	return c.result(), nil
}

// carrying is one COPY or MOVE under way.
type carrying struct {
	m      *Mailbox
	target *folder
	move   bool
	to     map[uint32]uint32 // new shown UID by old one
	done   map[uint32]stray  // copied from the source into a folder of the destination's numbers
	strays map[uint32]uint32 // moved by COPY: the stray that journals the copy, by destination UID here
	lost   bool              // the destination did not tell some UIDs
}

// round carries what it can and returns the messages that were copied to the destination in the meantime, so
// that they have to go the other way.
func (c *carrying) round(ctx context.Context, uids []uint32) (again []uint32, err error) {
	var upper, lower []store.Link
	for _, l := range c.m.f.snapshot(uids) {
		if onlyAbove(&l) {
			upper = append(upper, l)
		} else {
			lower = append(lower, l)
		}
	}
	var copies map[uint32]uint32 // destination UID there by destination UID here
	if len(upper) > 0 {
		if copies, err = c.carryUpper(ctx, upper); err != nil {
			return nil, err
		}
	}
	if c.target.record().Identity.Native && len(lower) > 0 {
		if err := c.copyNow(ctx, lower); err != nil {
			return nil, err
		}
	}
	return c.commit(upper, lower, copies)
}

// carryUpper lets the destination copy or move what it has.
func (c *carrying) carryUpper(ctx context.Context, links []store.Link) (copies map[uint32]uint32, err error) {
	w, err := c.m.a.dest(ctx)
	if err != nil {
		return nil, err
	}
	var set imap.UIDSet
	for _, l := range links {
		set.AddNum(imap.UID(l.Dst))
	}
	from, to := c.m.f.record(), c.target.record()
	if to.Identity.Native { // what comes there from now on is new mail, or these
		for _, step := range []func(context.Context, Writer) error{c.target.recover, c.target.removePending} {
			if err := step(ctx, w); err != nil {
				return nil, fmt.Errorf("destination: %w", err)
			}
		}
		defer func() {
			if err == nil {
				c.showBefore(ctx, w)
			}
		}()
	}
	var got Copied
	if c.move {
		err = c.m.f.leave(links, func() (err error) {
			got, err = w.Move(ctx, from.Name, from.DestUIDValidity, set, to.Name)
			return err
		})
		if errors.Is(err, ErrNotOffered) {
			return c.moveByCopy(ctx, w, links, set)
		}
	} else {
		got, err = w.Copy(ctx, from.Name, from.DestUIDValidity, set, to.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if got.Learned && got.UIDValidity == to.DestUIDValidity {
		return got.UIDs, nil
	}
	c.lost = true
	return nil, c.target.lookUpper(ctx) // they are found there as new mail
}

// showBefore lists what is new in a target of the destination's numbers: what came before the copies must be shown before
// them.
func (c *carrying) showBefore(ctx context.Context, w Writer) {
	if err := c.target.lookDest(ctx, w); err != nil {
		c.target.acct.log.Warn("new mail could not be listed after copying", "folder", c.target.record().Name, "err", err)
	}
}

// commit records the round in one transaction over both folders.
func (c *carrying) commit(upper, lower []store.Link, copies map[uint32]uint32) (again []uint32, err error) {
	all := append(slices.Clone(upper), lower...)
	slices.SortFunc(all, byUID)
	for len(all) > 0 && err == nil {
		n := within(all, maxBytes/fullChunk/4)
		var late []uint32
		late, err = c.commitSome(all[:n], copies)
		again, all = append(again, late...), all[n:]
	}
	return again, err
}

// within is how many of the links, ascending, lie in so many chunks: one transaction's share.
func within(links []store.Link, chunks int) int {
	n, last := 0, uint32(0)
	for i := range links {
		if c := store.ChunkOf(links[i].UID); i == 0 || c != last {
			if n, last = n+1, c; n > chunks {
				return i
			}
		}
	}
	return len(links)
}

// commitSome records some messages: per message, what it is there and that it is gone here become durable
// together.
func (c *carrying) commitSome(all []store.Link, copies map[uint32]uint32) (again []uint32, err error) {
	err = c.m.a.e.commit([]*folder{c.m.f, c.target}, func(es []*edit) error {
		from, to := es[0], es[1]
		again = again[:0]
		known := byDest(c.target.links)
		for _, old := range all {
			l, ok := from.link(old.UID)
			s, done := c.done[old.UID]
			if done {
				if uid := to.carried(s); uid != 0 {
					c.to[old.UID] = uid
				}
			}
			switch {
			case !ok || l.State == store.Whiteout: // deleted in this moment, or a look saw that it has moved
				if !done && onlyAbove(&old) && c.strays[old.Dst] == 0 {
					c.link(from, to, old, copies[old.Dst], known)
				}
				continue
			case done: // copied a moment ago, whatever became of it here meanwhile
			case onlyAbove(&l) != onlyAbove(&old):
				again = append(again, old.UID)
				continue
			case onlyAbove(&l) && c.strays[l.Dst] != 0:
				c.to[l.UID] = to.carried(stray{c.strays[l.Dst], Entry{UID: copies[l.Dst], Flags: from.flagsOf(l.Flags)}})
				from.leaveLater(l)
				continue
			case onlyAbove(&l):
				c.link(from, to, l, copies[l.Dst], known)
			default:
				c.to[l.UID] = to.insert(borrowed(from, to, l))
			}
			switch {
			case c.move && done && onlyAbove(&l): // the backfill was quicker: its copy goes
				l.State, l.Touched = store.Whiteout, true
				from.put(l)
			case c.move:
				from.remove(l)
			}
		}
		return nil
	})
	return again, err
}

// link records a copy that the destination made.
func (c *carrying) link(from, to *edit, l store.Link, dst uint32, known map[uint32]uint32) {
	if dst == 0 {
		return
	}
	if uid, ok := known[dst]; ok {
		c.to[l.UID] = uid
		return
	}
	c.to[l.UID] = to.insertAbove(Entry{UID: dst, Flags: from.flagsOf(l.Flags)}, from.flagsOf(l.Sent))
}

// borrowed is a link in another folder to the same source message.
func borrowed(from, to *edit, l store.Link) store.Link {
	box := from.rec.Sources[l.Box]
	n := store.Link{
		Src: l.Src, Box: to.borrow(box), State: store.Listed, Touched: true,
		Size: l.Size, Date: l.Date, Zone: l.Zone, MsgID: l.MsgID, HasDetails: l.HasDetails,
	}
	n.Flags, n.Base = to.flags(from.flagsOf(l.Flags)), to.flags(from.flagsOf(l.Base))
	return n
}

// borrow finds or adds a source folder whose messages are linked here one by one.
func (e *edit) borrow(box store.SourceBox) uint16 {
	for i, s := range e.rec.Sources {
		if s.Borrowed && s.Name == box.Name && s.UIDValidity == box.UIDValidity {
			return uint16(i)
		}
	}
	r := e.record()
	r.Sources = append(slices.Clone(r.Sources), store.SourceBox{Name: box.Name, Path: box.Path, UIDValidity: box.UIDValidity, Borrowed: true})
	return uint16(len(r.Sources) - 1)
}

// result is the COPYUID: nothing if not every UID is known.
func (c *carrying) result() CopyResult {
	r := CopyResult{UIDValidity: c.target.record().Identity.UIDValidity}
	if c.lost {
		return r
	}
	for from := range c.to {
		r.From = append(r.From, from)
	}
	slices.Sort(r.From)
	for _, from := range r.From {
		r.To = append(r.To, c.to[from])
	}
	return r
}
