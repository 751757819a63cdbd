package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossfade/store"
)

// copyNow copies messages from the source into a folder that has only the destination's numbers, all or none.
// Until commit records that they were carried, each copy is journalled in the target as a stray, to be removed
// again: a kill before the client had its OK leaves the message where it was.
func (c *carrying) copyNow(ctx context.Context, links []store.Link) error {
	batch, err := c.readAll(ctx, links)
	defer func() {
		for _, in := range batch {
			in.Close()
		}
	}()
	if err != nil {
		return err
	}
	t := c.target
	w, err := c.m.a.dest(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, Writer) error{t.sameAbove, t.recover, t.removePending} {
		if err := step(ctx, w); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
	}
	strays, intent, err := t.expectStrays(batch)
	if err != nil {
		return err
	}
	items := make([]AppendItem, len(batch))
	for i, in := range batch {
		l, _ := c.m.f.get(in.uid)
		items[i] = AppendItem{Flags: t.keeps().holdable(c.m.f.flags(l.Flags)), Date: in.date, Size: in.Size, Open: in.Open}
	}
	results, appendErr := w.Append(ctx, t.record().Name, items)
	found, err := t.noteStrays(ctx, w, strays, intent, distinct(results), appendErr)
	if err != nil {
		return err
	}
	var entries []Entry
	for i, in := range batch {
		s := stray{link: strays[i].UID, entry: Entry{UID: found[strays[i].UID], Flags: items[i].Flags}}
		if c.done[in.uid] = s; s.entry.UID == 0 {
			c.lost = true // the destination changed it: it is found there as new mail
			continue
		}
		entries = append(entries, s.entry)
	}
	if err := t.restoreKeywords(ctx, w, entries); err != nil {
		return errors.Join(err, t.removePending(ctx, w))
	}
	c.showBefore(ctx, w)
	return nil
}

// stray is a copy on the destination that no client was told of yet.
type stray struct {
	link  uint32 // under which the target folder journals it
	entry Entry  // as it is there; without UID if that is not known
}

// readAll brings the messages into the spool.
func (c *carrying) readAll(ctx context.Context, links []store.Link) (batch []incoming, err error) {
	for _, layer := range layers(links) {
		if _, err := c.m.f.read(ctx, layer, c.m.a.e.bodies.Read, func(in incoming) error { batch = append(batch, in); return nil }); err != nil {
			return batch, err
		}
	}
	if len(batch) < len(links) {
		return batch, &Refusal{Code: "EXPUNGEISSUED", Text: "some of the messages are gone from the old server"}
	}
	slices.SortFunc(batch, func(a, b incoming) int { return int(int64(a.uid) - int64(b.uid)) })
	return batch, nil
}

// expectStrays journals what is about to be appended: whiteouts in flight without a source, under numbers that
// are never shown. The caller holds writer.
func (f *folder) expectStrays(batch []incoming) (strays []store.Link, in store.Intent, err error) {
	floor := f.destFloor()
	err = f.edit(func(e *edit) error {
		first := uint32(provisional)
		if n := len(f.links); n > 0 {
			first = max(first, f.links[n-1].UID+1)
		}
		for i, m := range batch {
			uid := first + uint32(i)
			if e.rec.Identity.Native { // they share these numbers with what is on its way
				uid = e.nextUID()
			}
			l := store.Link{UID: uid, State: store.Whiteout, Paired: true, Hash: m.Hash}
			setDetails(&l, Entry{Size: m.Size, Date: m.date, MsgID: m.MsgID})
			e.insert(l)
			strays = append(strays, l)
		}
		in = store.Intent{DestUIDValidity: e.rec.DestUIDValidity, DestUIDNext: max(e.rec.DestUIDNext, floor), Time: time.Now().UTC()}
		acc, id := e.rec.Account, f.id
		e.also = append(e.also, f.claim, func(tx *store.Tx) error { return tx.PutIntent(acc, id, in) })
		return nil
	})
	return strays, in, err
}

// noteStrays journals where the copies arrived and returns their destination UIDs by stray. If not all arrived,
// those that did are removed again; where that is not known yet, recover finds out.
func (f *folder) noteStrays(ctx context.Context, w Writer, strays []store.Link, in store.Intent, results []AppendResult, appendErr error) (map[uint32]uint32, error) {
	found := make(map[uint32]uint32)
	failed, unknown := appendErr, appendErr != nil && uncertain(appendErr)
	for i, r := range results[:min(len(results), len(strays))] {
		switch {
		case r.Err != nil && failed == nil:
			failed = r.Err
		case r.Err == nil && r.UIDValidity == in.DestUIDValidity && r.UID >= in.DestUIDNext:
			found[strays[i].UID] = r.UID
		case r.Err == nil:
			unknown = true
		}
	}
	var err error
	if failed == nil && len(found) < len(strays) {
		unknown = false
		for _, sure := range []bool{false, true} {
			if found, err = f.seek(ctx, w, in, strays, sure); err != nil || len(found) == len(strays) {
				break
			}
		}
		if err != nil {
			failed, unknown = err, true
		}
	}
	if appendErr != nil && unknown && failed == appendErr {
		if now, ok := f.outcome(ctx, w, in, strays); ok {
			if found, unknown = now, false; len(found) == len(strays) {
				failed = nil
			}
		}
	}
	err = f.edit(func(e *edit) error {
		for _, s := range strays {
			l, ok := e.link(s.UID)
			switch dst := found[s.UID]; {
			case !ok:
			case dst != 0:
				l.Dst, l.Paired = dst, false
				e.put(l)
			case !unknown:
				e.forget(l.UID)
			}
		}
		e.closeIntentIfDone()
		return nil
	})
	for _, dst := range found {
		f.noteAppended(dst + 1)
	}
	if failed == nil || err != nil {
		return found, err
	}
	if unknown {
		f.cutAt = time.Now()
	}
	return nil, errors.Join(fmt.Errorf("destination: %w", failed), f.removePending(ctx, w))
}

// outcome finds out what became of strays whose connection ended before the answer, once all that was sent must have
// arrived. It is not ok if the destination cannot be asked now: then recover finds out later, and removes them.
func (f *folder) outcome(ctx context.Context, w Writer, in store.Intent, strays []store.Link) (found map[uint32]uint32, ok bool) {
	f.cutAt = time.Now()
	if sleep(ctx, f.acct.e.opt.Grace) != nil {
		return nil, false
	}
	found, err := f.seek(ctx, w, in, strays, true)
	if found == nil {
		found = map[uint32]uint32{}
	}
	return found, err == nil
}

// carried makes a stray a message of the folder and returns its shown UID, 0 if it is not known.
func (e *edit) carried(s stray) uint32 {
	if l, ok := e.link(s.link); ok {
		e.forget(l.UID)
	}
	if s.entry.UID == 0 {
		return 0
	}
	return e.insertAbove(s.entry, s.entry.Flags)
}

// layers splits links of one folder so that in each part all are of one source folder and no source message
// stands twice: it may have been copied by a client.
func layers(links []store.Link) [][]store.Link {
	type key struct {
		box uint16
		n   int
	}
	var order []key
	parts := make(map[key][]store.Link)
	times := make(map[uint64]int)
	for _, l := range links {
		ref := uint64(l.Box)<<32 | uint64(l.Src)
		k := key{l.Box, times[ref]}
		times[ref]++
		if parts[k] == nil {
			order = append(order, k)
		}
		parts[k] = append(parts[k], l)
	}
	out := make([][]store.Link, len(order))
	for i, k := range order {
		out[i] = parts[k]
	}
	return out
}
