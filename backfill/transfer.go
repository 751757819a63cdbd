package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/errgroup"

	"crossfade/mapping"
	"crossfade/store"
)

const (
	// runLinks is how many messages are asked for at a time; between runs an opened folder may go first.
	runLinks = 1000
	// batchLinks and batchBytes bound one APPEND batch: one intent, one commit, and a client's own APPEND to the
	// folder waits no longer than that.
	batchLinks = 100
	batchBytes = 16 << 20
	// batchWait is how long a batch that is not full waits for more.
	batchWait = 10 * time.Millisecond
)

// incoming is a message on its way up.
type incoming struct {
	uid   uint32 // shown
	flags mapping.Flags
	date  time.Time
	*spooled
}

// transfer copies what the destination lacks, in ascending source order (rule 6). It returns when nothing is
// left, when yield says that another folder goes first (done is false), or at the first error that is not one
// message's.
func (f *folder) transfer(ctx context.Context, yield func() bool) (done bool, err error) {
	if err := f.use(); err != nil {
		return false, err
	}
	defer f.done()
	defer f.unclaim()
	if err := errors.Join(f.lookLocked(ctx), f.retryRefused(ctx)); err != nil {
		return false, err
	}
	if f.acct.rebuilding() {
		return true, f.matchAnew(ctx)
	}
	todo := f.pending()
	for len(todo) > 0 {
		if f.problem().Text != "" {
			return true, nil // reported; a person or the other side's recovery lifts it
		}
		if yield() {
			return false, nil
		}
		if f.rests() {
			return false, errRests
		}
		if err := f.acct.e.room(); err != nil {
			return false, err
		}
		n := min(len(todo), f.acct.e.runSize())
		if err := f.transferRun(ctx, f.stillListed(todo[:n])); err != nil {
			return false, err
		}
		todo = todo[n:]
	}
	return true, nil
}

// lookLocked lists both sides with both claims taken.
func (f *folder) lookLocked(ctx context.Context) error {
	if err := f.sync.take(ctx); err != nil {
		return err
	}
	defer f.sync.release()
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	if err := f.lookBoth(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checked = time.Now()
	return nil
}

// pending returns the shown UIDs of the messages to copy, in source order.
func (f *folder) pending() []uint32 {
	todo := f.where(func(l *store.Link) bool { return l.State == store.Listed && l.Src != 0 })
	sourceOrder(todo)
	out := make([]uint32, len(todo))
	for i := range todo {
		out[i] = todo[i].UID
	}
	return out
}

// stillListed returns the links of those that nobody copied or deleted meanwhile.
func (f *folder) stillListed(uids []uint32) []store.Link {
	return slices.DeleteFunc(f.snapshotAll(uids), func(l store.Link) bool { return l.State != store.Listed || l.Src == 0 })
}

// transferRun copies some messages: source folder by source folder, reading ahead while the batch before is
// written.
func (f *folder) transferRun(ctx context.Context, todo []store.Link) error {
	for _, layer := range layers(todo) {
		if err := f.transferBox(ctx, layer); err != nil {
			return err
		}
	}
	return nil
}

// transferBox copies messages of one source folder.
func (f *folder) transferBox(ctx context.Context, todo []store.Link) error {
	var paired, plain []store.Link
	for _, l := range todo {
		if l.Paired {
			paired = append(paired, l)
		}
	}
	if err := f.confirm(ctx, paired); err != nil {
		return err
	}
	for _, l := range todo { // what proved to be no pair goes in its turn
		if now, ok := f.get(l.UID); ok && now.State == store.Listed && !now.Paired {
			plain = append(plain, now)
		}
	}
	var left map[uint32]uint32
	ch := make(chan incoming, 2*batchLinks)
	g, gctx := errgroup.WithContext(ctx)
	var unread error
	g.Go(func() (err error) {
		defer close(ch)
		if left, err = f.read(gctx, plain, ch); gctx.Err() == nil {
			unread, err = err, nil // what was read is written still
		}
		return err
	})
	g.Go(func() error { return f.write(gctx, ch) })
	err := g.Wait()
	for in := range ch { // what was read but not written
		in.close()
	}
	if err == nil {
		err = unread
	}
	if err != nil {
		return err
	}
	return f.missing(ctx, plain, left)
}

// read brings messages of one source folder into the spool, each once. It returns those that the source did not
// give: shown UIDs by source UID.
func (f *folder) read(ctx context.Context, links []store.Link, out chan<- incoming) (left map[uint32]uint32, err error) {
	if links, err = f.readSaved(ctx, links, out); err != nil || len(links) == 0 {
		return nil, err
	}
	src, err := f.acct.source(ctx)
	if err != nil {
		return nil, err
	}
	box := f.record().Sources[links[0].Box]
	left = make(map[uint32]uint32, len(links))
	var set imap.UIDSet
	for _, l := range links {
		if left[l.Src] = l.UID; !f.passedOver(l.UID) {
			set.AddNum(imap.UID(l.Src))
		}
	}
	var body *bodyReader
	each := func(m *Message) error {
		uid, ok := left[m.UID]
		if !ok {
			return nil
		}
		body = &bodyReader{r: m.Body}
		s, err := f.acct.e.spool(ctx, m.Size, body)
		if err != nil {
			return err
		}
		select {
		case out <- incoming{uid, m.Flags, m.Date, s}:
			delete(left, m.UID)
			return nil
		case <-ctx.Done():
			s.close()
			return ctx.Err()
		}
	}
	if err = f.readPaced(ctx, src, box, set, each); itemOnly(err) {
		err = nil // one bad message stops no other: what is left is asked for one by one
		for i := 0; i < len(links) && err == nil; i++ {
			if _, ok := left[links[i].Src]; !ok || f.passedOver(links[i].UID) {
				continue
			}
			if err = f.readPaced(ctx, src, box, imap.UIDSetNum(imap.UID(links[i].Src)), each); itemOnly(err) {
				f.acct.log.Warn("the source does not give a message", "folder", box.Name, "uid", links[i].Src, "err", err)
				err = nil
			}
		}
	}
	if err != nil {
		f.noteBreak(ctx, links, left, err, body)
		return nil, fmt.Errorf("source: %w", err)
	}
	f.forgive()
	return left, nil
}

// itemOnly tells whether an error concerns one message.
func itemOnly(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Scope == Item
}

// write appends what was read, in batches.
func (f *folder) write(ctx context.Context, in <-chan incoming) error {
	for {
		batch := collect(ctx, in, f.acct.e.above.Slice(batchLinks))
		if len(batch) == 0 {
			return ctx.Err()
		}
		err := f.admit(ctx, f.acct.e.above, len(batch))
		if err == nil {
			err = f.appendBatch(ctx, batch)
		}
		for _, m := range batch {
			m.close()
		}
		if err != nil {
			return fmt.Errorf("destination: %w", err)
		}
	}
}

// collect waits for a message and takes what follows closely, most at the most.
func collect(ctx context.Context, in <-chan incoming, most int) []incoming {
	var batch []incoming
	var bytes int64
	var timeout <-chan time.Time
	for len(batch) < most && bytes < batchBytes {
		select {
		case m, ok := <-in:
			if !ok {
				return batch
			}
			if batch = append(batch, m); timeout == nil {
				t := time.NewTimer(batchWait)
				defer t.Stop()
				timeout = t.C
			}
			bytes += m.size
		case <-timeout:
			return batch
		case <-ctx.Done():
			for _, m := range batch {
				m.close()
			}
			return nil
		}
	}
	return batch
}

// missing looks after messages that the source did not give: gone meanwhile, or refused by it. Very many at once
// are not believed to be gone: they stay listed.
func (f *folder) missing(ctx context.Context, asked []store.Link, left map[uint32]uint32) error {
	if len(left) == 0 {
		return nil
	}
	b := asked[0].Box
	if err := f.sync.take(ctx); err != nil {
		return err
	}
	delete(f.source, b)
	err := f.lookLower(ctx)
	f.sync.release()
	if err != nil {
		return err
	}
	if f.hasProblem(sourceProblem(b)) {
		return nil
	}
	if f.record().Sources[b].Borrowed && tooMany(len(left), len(asked)) {
		f.acct.log.Warn("the source does not give many messages that are linked here", "folder", f.record().Name, "missing", len(left))
		return nil
	}
	return f.edit(func(e *edit) error {
		for src, uid := range left {
			l, ok := e.link(uid)
			if !ok || l.State != store.Listed || l.Src != src || l.Box != b {
				continue
			}
			e.quarantine(l, store.Quarantine{Reason: reasonUnread})
		}
		return nil
	})
}

// get returns one link.
func (f *folder) get(uid uint32) (store.Link, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if i, ok := find(f.links, uid); ok {
		return f.links[i], true
	}
	return store.Link{}, false
}

// uncertain tells whether an APPEND may or may not have happened. Only a server's own words say that it did not.
func uncertain(err error) bool {
	var e *Error
	return errors.Is(err, ErrUncertain) || !errors.As(err, &e) || e.Text == "" && e.Code == ""
}
