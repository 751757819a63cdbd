package imap

import (
	"context"
	"slices"

	"crossfade/backfill"
	"crossfade/proxy"
)

// fetch is FETCH and UID FETCH (RFC 3501 6.4.5).
func (c *conn) fetch(ctx context.Context, cmd *command) error {
	uids, err := c.messages(cmd)
	if err != nil {
		return err
	}
	if err := cmd.space(); err != nil {
		return err
	}
	p, err := parseFetch(cmd)
	if err != nil {
		return err
	}
	var fresh []uint32
	if p.seen {
		fresh = c.markSeen(ctx, uids)
	}
	var all outcome
	for part := range chunks(uids) {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := c.newFetching(p, part, fresh)
		if !p.onlyBinary() {
			if err := f.run(ctx); err != nil {
				return err
			}
		}
		if len(p.binaries) > 0 {
			if err := f.binaries(ctx); err != nil {
				return err
			}
		}
		if len(f.known) > 0 {
			c.update(c.view.Sync(false, f.known))
		}
		all.expunged = all.expunged || f.expunged
		all.lost = all.lost || f.lost
		all.missing = all.missing || f.missing
	}
	return all.answer(cmd)
}

// outcome is what could not be answered.
type outcome struct {
	expunged bool // what the state would tell of messages that are gone
	lost     bool // what the servers would tell of messages that are gone
	missing  bool // what the servers would tell of messages that are there
}

// answer words the tagged response: a body that could not be had is a NO, and flags of a message that is gone
// only a hint (RFC 2180 4.1, RFC 5530).
func (o outcome) answer(cmd *command) error {
	switch {
	case o.missing:
		return errMissing
	case o.lost:
		return errExpunged
	case o.expunged:
		cmd.code = "EXPUNGEISSUED"
	}
	return nil
}

// markSeen sets \Seen where it is not set, and returns where it did so. If it cannot be set now, the mail is
// still readable; it only stays unread.
func (c *conn) markSeen(ctx context.Context, uids []uint32) []uint32 {
	box := c.view.Mailbox()
	if box.ReadOnly() {
		return nil
	}
	var fresh []uint32
	for part := range chunks(uids) {
		for _, item := range box.Items(part) {
			if !item.Flags.Has(`\Seen`) {
				fresh = append(fresh, item.UID)
			}
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := box.Store(ctx, fresh, backfill.FlagsAdd, `\Seen`); err != nil {
		c.log.Info("could not mark as read", "folder", box.Name(), "err", err)
		return nil
	}
	return fresh
}

// fetching answers one FETCH for one part of its messages.
type fetching struct {
	c     *conn
	p     *plan
	uids  []uint32
	items []backfill.ItemState // what is known of them; shorter than uids if some are gone
	fresh []uint32             // just marked \Seen: their flags are told too
	seqs  seqCursor

	told  []bool               // by index in uids: the state's part has been told
	got   []uint16             // attributes received in this pass
	line  bool                 // a response line is begun and not ended
	known []backfill.ItemState // flags that were told because they changed by being read
	first bool                 // this is the first pass
	outcome
}

func (c *conn) newFetching(p *plan, uids, fresh []uint32) *fetching {
	f := &fetching{c: c, p: p, uids: uids, items: c.view.Mailbox().Items(uids), fresh: fresh, seqs: seqCursor{view: c.view}}
	if p.flags || len(fresh) > 0 {
		c.announce()
	}
	return f
}

// run asks what has to be asked and answers.
func (f *fetching) run(ctx context.Context) error {
	asked := f.unknown()
	if len(f.p.passes) == 0 && len(asked) == 0 {
		f.expunged = len(f.items) < len(f.uids)
		return f.stateOnly()
	}
	f.told = make([]bool, len(f.uids))
	passes := f.p.passes
	if len(passes) == 0 {
		passes = []pass{{}}
	}
	for i := range passes {
		f.first = i == 0
		f.got = make([]uint16, len(f.uids))
		rest := f.uids
		if f.first && len(asked) > 0 {
			more := passes[i]
			more.items = slices.Concat(more.items, f.details())
			if err := f.ask(ctx, &more, asked); err != nil {
				return err
			}
			rest = minus(f.uids, asked)
		}
		if err := f.ask(ctx, &passes[i], rest); err != nil {
			return err
		}
	}
	return nil
}

// unknown are the messages whose size or date is asked for and not known to the state.
func (f *fetching) unknown() []uint32 {
	var out []uint32
	if f.p.size || f.p.date {
		for i := range f.items {
			if it := &f.items[i]; f.p.size && it.Size < 0 || f.p.date && it.Date.IsZero() {
				out = append(out, it.UID)
			}
		}
	}
	return out
}

// details are the items asked from the servers for messages that the state does not know well.
func (f *fetching) details() []string {
	var out []string
	if f.p.size {
		out = append(out, "RFC822.SIZE")
	}
	if f.p.date {
		out = append(out, "INTERNALDATE")
	}
	return out
}

// minus returns the elements of a without those of b; both ascend.
func minus(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)-min(len(a), len(b)))
	for _, x := range a {
		for len(b) > 0 && b[0] < x {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != x {
			out = append(out, x)
		}
	}
	return out
}

// stateOnly answers from the state alone.
func (f *fetching) stateOnly() error {
	b := f.c.scratch[:0]
	for i := range f.items {
		it := &f.items[i]
		b = f.appendState(appendFetch(b, f.seqs.of(it.UID)), it, true)
		b = f.c.spill(append(b, ")\r\n"...))
	}
	f.c.bytes(b)
	f.c.scratch = b[:0]
	return f.c.wire.Err()
}

// appendState writes what the state answers for a message. Without details size and date are left to the servers.
func (f *fetching) appendState(b []byte, it *backfill.ItemState, details bool) []byte {
	if f.p.uid {
		b = appendUID(b, it.UID)
	}
	_, fresh := slices.BinarySearch(f.fresh, it.UID)
	if f.p.flags || fresh {
		b = f.c.appendFlags(b, it)
	}
	if fresh {
		f.known = append(f.known, *it)
	}
	if f.p.size && details {
		b = appendSize(b, it.Size)
	}
	if f.p.date && details {
		b = appendDate(b, it)
	}
	return b
}

// seqCursor finds sequence numbers of UIDs that mostly follow each other.
type seqCursor struct {
	view *proxy.View
	next uint32
}

func (s *seqCursor) of(uid uint32) uint32 {
	if u, ok := s.view.UID(s.next); !ok || u != uid {
		s.next, _ = s.view.Seq(uid)
	}
	seq := s.next
	s.next++
	return seq
}
