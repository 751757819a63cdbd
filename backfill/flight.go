package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// batchLinks bounds one batch, as spool.Room.Batch does: one intent, one APPEND, one commit of its links.
	batchLinks = 500
	// batchShare and batchMost let batches grow with the folder: what a server does for each is more the larger the folder
	// is, and must not make the cost of a message grow with it.
	batchShare = 100
	batchMost  = 2000
	// batchWait is how long a batch that is not full waits for more when nothing else is under way.
	batchWait = 10 * time.Millisecond
)

// flight is a batch on its way: its intent is durable, its APPEND under way or ended.
type flight struct {
	batch   []incoming
	floor   uint32 // no UID that the batch gets is below
	results []AppendResult
	err     error
	done    chan struct{} // closed when the APPEND has ended
}

// writing appends what was read in batches, in order. While one APPEND is under way, the batch before is linked
// and the next one journalled: neither an fsync nor a question to the destination makes an APPEND wait. The intent
// in the store speaks for the oldest batch that is not linked yet.
type writing struct {
	f     *folder
	w     Writer
	in    <-chan incoming
	air   *flight    // its APPEND was started
	mine  bool       // the folder's writer is held: as long as anything is in flight, unless somebody waits for it
	doubt []incoming // it is not known what became of some of these
	taken []incoming // the destination answered OK to these of them

	culprit incoming // the destination broke off at it so often that the others should have their turn
	passed  bool     // there is a culprit
}

// write appends what was read. between is called after each batch.
func (f *folder) write(ctx context.Context, in <-chan incoming, between func()) error {
	p := &writing{f: f, in: in}
	for {
		batch, more := p.collect(ctx)
		batch, err := p.admit(ctx, batch)
		if err = errors.Join(err, p.send(ctx, batch)); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		if between(); !more && p.air == nil {
			return nil
		}
	}
}

// batchOf is how many messages one batch holds at most where the destination's folder has so many.
func batchOf(have int) int { return max(batchLinks, min(have/batchShare, batchMost)) }

// collect waits for messages. While an APPEND is under way the batch may grow until that has ended.
func (p *writing) collect(ctx context.Context) (batch []incoming, more bool) {
	var bytes int64
	most, links := p.f.acct.e.bodies.Batch(), p.f.acct.e.above.Slice(batchOf(p.f.countDest()))
	var timeout <-chan time.Time
	var ended chan struct{}
	if p.air != nil {
		ended = p.air.done
	}
	for len(batch) < links && bytes < most {
		select {
		case m, ok := <-p.in:
			if !ok {
				return batch, false
			}
			if batch = append(batch, m); timeout == nil && ended == nil {
				t := time.NewTimer(batchWait)
				defer t.Stop()
				timeout = t.C
			}
			bytes += m.Size
		case <-timeout:
			return batch, true
		case <-ended:
			return batch, true
		case <-ctx.Done():
			return batch, true
		}
	}
	return batch, true
}

// admit waits until the destination bears the batch. Where it does not at once, what is in flight is ended first, so
// that nobody waits for the folder's writer meanwhile.
func (p *writing) admit(ctx context.Context, batch []incoming) ([]incoming, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	above := p.f.acct.e.above
	var err error
	if p.air != nil && !above.Free() {
		err = p.step(ctx, nil)
	}
	if err == nil {
		err = p.f.admit(ctx, above, len(batch))
	}
	if err != nil {
		closeAll(batch)
		return nil, err
	}
	return batch, nil
}

// send sends the next batch on its way. If there are messages in it at which the destination broke off, it goes in
// portions, each of which ends before the next begins, so that it is known where that happens; a message that is
// hopeless does not keep the others back.
func (p *writing) send(ctx context.Context, batch []incoming) error {
	var held error
	for {
		n := p.f.portion(batch)
		if n == len(batch) {
			err := p.step(ctx, batch)
			if held != nil { // which ends the turn: nothing may be left under way
				err = errors.Join(err, p.step(ctx, nil))
			}
			return errors.Join(err, held)
		}
		err := p.step(ctx, nil)
		if err == nil {
			err = errors.Join(p.step(ctx, batch[:n]), p.step(ctx, nil))
		}
		if err != nil && !p.passed {
			closeAll(batch[n:])
			return errors.Join(err, held)
		}
		held, p.passed = errors.Join(held, err), false
		batch = batch[n:]
	}
}

// step sends the next batch on its way and finishes the one before. After an error nothing is under way.
func (p *writing) step(ctx context.Context, batch []incoming) error {
	next, err := p.prepare(ctx, batch)
	prev := p.air
	if prev != nil {
		<-prev.done
		p.air = nil
	}
	switch {
	case next == nil:
	case err == nil && (prev == nil || prev.err == nil):
		p.start(ctx, next)
	default:
		err = errors.Join(err, p.f.giveBack(next.batch, nil, nil))
		closeAll(next.batch)
	}
	if prev != nil {
		err = errors.Join(err, p.finish(ctx, prev))
	}
	if p.air != nil && (err != nil || p.doubt != nil || p.f.writer.wanted()) {
		last := p.air
		<-last.done
		p.air = nil
		err = errors.Join(err, p.finish(ctx, last))
	}
	if p.air == nil && p.mine {
		err = errors.Join(p.clear(ctx), err)
		p.f.writer.release()
		p.mine = false
	}
	return err
}

// prepare journals a batch. Where nothing was in flight it first finds out what an earlier run left behind.
func (p *writing) prepare(ctx context.Context, batch []incoming) (*flight, error) {
	out, floor, err := p.journal(ctx, batch)
	kept := make(map[uint32]struct{}, len(out))
	for _, m := range out {
		kept[m.uid] = struct{}{}
	}
	for _, m := range batch {
		if _, ok := kept[m.uid]; !ok || err != nil {
			m.Close()
		}
	}
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return &flight{batch: out, floor: floor, done: make(chan struct{})}, nil
}

func (p *writing) journal(ctx context.Context, batch []incoming) (out []incoming, floor uint32, err error) {
	if err := ctx.Err(); err != nil || len(batch) == 0 {
		return nil, 0, err
	}
	f := p.f
	if !p.mine {
		if err := f.writer.take(ctx); err != nil {
			return nil, 0, err
		}
		p.mine = true
		if p.w, err = f.acct.dest(ctx); err != nil {
			return nil, 0, err
		}
		if err := f.recover(ctx, p.w); err != nil {
			return nil, 0, err
		}
	}
	floor = f.destFloor()
	lowest := floor
	if p.air != nil {
		lowest = p.air.floor
	}
	out, err = f.journal(batch, lowest)
	return out, floor, err
}

// start begins a flight's APPEND.
func (p *writing) start(ctx context.Context, fl *flight) {
	f, w := p.f, p.w
	items := make([]AppendItem, len(fl.batch))
	for i, m := range fl.batch {
		l, _ := f.get(m.uid)
		items[i] = AppendItem{Flags: f.flags(l.Sent), Date: m.date, Size: m.Size, Open: m.Open}
	}
	name := f.record().Name
	p.air = fl
	go func() {
		defer close(fl.done)
		fl.results, fl.err = w.Append(ctx, name, items)
		fl.err = f.appendBinary(ctx, w, items, fl.results, fl.err)
		if fl.results = distinct(fl.results); fl.err == nil {
			fl.err = more(fl.results)
		}
	}()
}

// finish links what arrived of a flight whose APPEND has ended.
func (p *writing) finish(ctx context.Context, fl *flight) error {
	f := p.f
	f.sending = fl.batch
	defer func() { f.sending = nil }()
	if fl.err != nil && uncertain(fl.err) {
		f.cutAt = time.Now()
	}
	suspects := culprit(fl.batch, fl.results)
	if blamable(ctx, fl.err) && f.blame(suspects, fl.err) {
		p.culprit, p.passed = suspects[0], true
	} else if fl.err == nil {
		f.cleared(fl.batch)
	}
	if p.doubt != nil { // where the ones before lie is not known, so a number that is too low would not be seen
		for i := range fl.results {
			fl.results[i].UID = 0
		}
	}
	unknown, err := f.takeResults(ctx, p.w, fl.batch, fl.results, fl.err)
	if unknown || p.passed {
		p.doubt = append(p.doubt, fl.batch...)
		for i := range fl.results {
			if fl.results[i].Err == nil {
				p.taken = append(p.taken, fl.batch[i])
			}
		}
		return errors.Join(err, fl.err)
	}
	if err == nil && p.doubt == nil {
		err = f.removePending(ctx, p.w)
	}
	closeAll(fl.batch)
	return errors.Join(err, fl.err)
}

// clear finds out what became of messages in doubt; nothing is under way any more.
func (p *writing) clear(ctx context.Context) error {
	if p.doubt == nil {
		return nil
	}
	f := p.f
	f.sending = p.doubt
	defer func() {
		closeAll(p.doubt)
		p.doubt, p.taken, f.sending = nil, nil, nil
	}()
	if err := f.recover(ctx, p.w); err != nil {
		return err
	}
	if err := f.swallowed(p.taken); err != nil {
		return err
	}
	if err := f.removePending(ctx, p.w); err != nil || !p.passed {
		return err
	}
	return f.dismiss(p.culprit)
}

func closeAll(batch []incoming) {
	for _, m := range batch {
		m.Close()
	}
}
