package backfill

import (
	"context"
	"errors"
	"slices"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// appendBatch appends messages in order, in as large portions as it may. A message at which the destination breaks off
// does not keep the others back.
func (f *folder) appendBatch(ctx context.Context, batch []incoming) error {
	var held error
	for len(batch) > 0 {
		n := f.portion(batch)
		passed, err := f.appendPortion(ctx, batch[:n])
		if err != nil && !passed {
			return errors.Join(err, held)
		}
		held = errors.Join(held, err)
		batch = batch[n:]
	}
	return held
}

// appendPortion takes messages through the four steps: intents (fsynced), APPEND, UIDs, links (fsynced). passed tells
// that others may go on in spite of the error.
func (f *folder) appendPortion(ctx context.Context, batch []incoming) (passed bool, err error) {
	if err := f.writer.take(ctx); err != nil {
		return false, err
	}
	defer f.writer.release()
	w, err := f.acct.dest(ctx)
	if err != nil {
		return false, err
	}
	if err := f.recover(ctx, w); err != nil {
		return false, err
	}
	batch, err = f.journal(batch)
	if err != nil || len(batch) == 0 {
		return false, err
	}
	f.sending = batch
	defer func() { f.sending = nil }()
	items := make([]AppendItem, len(batch))
	for i, m := range batch {
		l, _ := f.get(m.uid)
		items[i] = AppendItem{Flags: f.flags(l.Sent), Date: m.date, Size: m.size, Open: m.open}
	}
	results, appendErr := w.Append(ctx, f.record().Name, items)
	appendErr = f.appendBinary(ctx, w, items, results, appendErr)
	results = distinct(results)
	if appendErr != nil && uncertain(appendErr) {
		f.cutAt = time.Now()
	}
	if blamable(ctx, appendErr) {
		passed = f.blame(culprit(batch, results), appendErr)
	} else if appendErr == nil {
		f.cleared(batch)
	}
	if err := f.takeResults(ctx, w, batch, results, appendErr); err != nil {
		return false, err
	}
	if passed {
		return true, errors.Join(appendErr, f.dismiss(culprit(batch, results)[0]))
	}
	return false, appendErr
}

// journal makes the batch's intent durable and returns the messages that are still to be copied.
func (f *folder) journal(batch []incoming) ([]incoming, error) {
	var out []incoming
	keeps, floor := f.keeps(), f.destFloor()
	err := f.edit(func(e *edit) error {
		out = make([]incoming, 0, len(batch))
		for _, m := range batch {
			l, ok := e.link(m.uid)
			if !ok || l.State != store.Listed || l.Paired {
				continue
			}
			e.mergeFlags(l, Entry{Flags: m.flags})
			l, _ = e.link(m.uid)
			setDetails(&l, Entry{Size: m.size, Date: m.date, MsgID: m.msgID})
			l.State, l.Hash = store.Copying, m.hash
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

// takeResults sorts out what became of each APPEND of a batch.
func (f *folder) takeResults(ctx context.Context, w Writer, batch []incoming, results []AppendResult, appendErr error) error {
	rec, floor := f.record(), f.destFloor()
	found := make(map[uint32]uint32)
	var refused, unsent, answered []incoming
	var reasons []error
	unknown := false
	for i, m := range batch {
		if i < len(results) && results[i].Err == nil {
			answered = append(answered, m)
		}
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
			found[m.uid] = results[i].UID
		}
	}
	if err := f.finishCopies(ctx, w, found); err != nil {
		return err
	}
	if err := f.giveBack(unsent, refused, reasons); err != nil {
		return err
	}
	if unknown || f.counted().flying > 0 {
		if err := f.recover(ctx, w); err != nil {
			return err
		}
		if err := f.swallowed(answered); err != nil {
			return err
		}
	}
	return f.removePending(ctx, w)
}

// giveBack lists what was not sent again and sets aside what the destination refused.
func (f *folder) giveBack(unsent, refused []incoming, reasons []error) error {
	if len(unsent)+len(refused) == 0 {
		return nil
	}
	f.acct.e.saved.busy.RLock()
	defer f.acct.e.saved.busy.RUnlock()
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
