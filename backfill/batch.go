package backfill

import (
	"context"
	"slices"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// journal makes the batch's intent durable and returns the messages that are still to be copied. floor is a UID that
// nothing in flight is below.
func (f *folder) journal(batch []incoming, floor uint32) ([]incoming, error) {
	var out []incoming
	keeps := f.keeps()
	err := f.edit(func(e *edit) error {
		out = make([]incoming, 0, len(batch))
		for _, m := range batch {
			l, ok := e.link(m.uid)
			if !ok || l.State != store.Listed || l.Paired {
				continue
			}
			if m.listed == f.listings.Load() { // else a listing told newer ones, and these would undo them
				e.mergeFlags(l, Entry{Flags: m.flags})
				l, _ = e.link(m.uid)
			}
			setDetails(&l, Entry{Size: m.Size, Date: m.date, MsgID: m.MsgID})
			l.State, l.Hash = store.Copying, m.Hash
			l.Sent = e.flags(keeps.holdable(e.flagsOf(l.Flags)))
			e.put(l)
			out = append(out, m)
		}
		if len(out) == 0 {
			return nil
		}
		in := store.Intent{DestUIDValidity: e.rec.DestUIDValidity, DestUIDNext: max(e.rec.DestUIDNext, floor), Time: time.Now().UTC()}
		acc, id := e.rec.Account, f.id
		e.also = append(e.also, f.claim, func(tx *store.Tx) error { return tx.PutIntent(acc, id, in) })
		return nil
	})
	return out, err
}

// keeps is the destination's state that tells which flags it can hold.
func (f *folder) keeps() BoxState { return f.destCursor().state }

// holdable drops keywords that the destination says it cannot keep (PERMANENTFLAGS, RFC 3501 7.1).
func (st BoxState) holdable(flags mapping.Flags) mapping.Flags {
	if st.AnyKeyword || st.Permanent == "" {
		return flags
	}
	return mapping.NewFlags(slices.DeleteFunc(flags.List(), func(s string) bool { return !st.Permanent.Has(s) })...)
}

// takeResults sorts out what became of each APPEND of a batch. unknown says that recover has to look for some.
func (f *folder) takeResults(ctx context.Context, w Writer, batch []incoming, results []AppendResult, appendErr error) (unknown bool, err error) {
	rec, floor := f.record(), f.destFloor()
	found := make(map[uint32]uint32)
	var refused, unsent []incoming
	var reasons []error
	for i, m := range batch {
		switch {
		case i >= len(results) && appendErr != nil && !uncertain(appendErr):
			unsent = append(unsent, m)
		case i >= len(results):
			unknown = true
		case results[i].Err != nil && !itemOnly(results[i].Err): // OVERQUOTA and the like refuse no message
			unsent = append(unsent, m)
		case results[i].Err != nil:
			refused, reasons = append(refused, m), append(reasons, results[i].Err)
		case results[i].UID == 0 || results[i].UIDValidity != rec.DestUIDValidity || results[i].UID < floor:
			unknown = true // UID not learned is not "copy failed"
		default:
			found[m.uid], floor = results[i].UID, results[i].UID+1 // they ascend
		}
	}
	if unknown && rec.Identity.Native { // which of what is new there is new mail is known only when all of them are
		clear(found)
	}
	if err := f.finishCopies(ctx, w, found); err != nil {
		return unknown, err
	}
	if err := f.giveBack(unsent, refused, reasons); err != nil {
		return unknown, err
	}
	return unknown || f.anyInFlight(batch), nil
}

// anyInFlight tells whether the end of some of these is not known.
func (f *folder) anyInFlight(batch []incoming) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.ContainsFunc(batch, func(m incoming) bool {
		i, ok := find(f.links, m.uid)
		return ok && inFlight(&f.links[i])
	})
}

// giveBack lists what was not sent again and sets aside what the destination refused.
func (f *folder) giveBack(unsent, refused []incoming, reasons []error) error {
	if len(unsent)+len(refused) == 0 {
		return nil
	}
	defer f.acct.e.saved.Hold()()
	saved := f.saveRefused(refused)
	return f.edit(func(e *edit) error {
		for i, m := range append(slices.Clone(unsent), refused...) {
			l, ok := e.link(m.uid)
			if !ok || !inFlight(&l) {
				continue
			}
			l.Paired = false
			if l.State == store.Copying {
				l.State = store.Listed
			}
			e.put(l)
			if i >= len(unsent) && l.State == store.Listed {
				e.quarantine(l, refusal(reasons[i-len(unsent)], saved[i-len(unsent)]))
				f.acct.e.mishap(reasons[i-len(unsent)])
			}
		}
		e.closeIntentIfDone()
		return nil
	})
}

// closeIntentIfDone removes the intent unless the folder still has messages in flight after this edit.
func (e *edit) closeIntentIfDone() {
	if e.f.tally.plus(e).flying == 0 {
		e.closeIntent()
	}
}

// more is a refusal among the results that concerns more than its message.
func more(results []AppendResult) error {
	for _, r := range results {
		if r.Err != nil && !itemOnly(r.Err) {
			return r.Err
		}
	}
	return nil
}
