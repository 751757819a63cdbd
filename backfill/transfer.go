package backfill

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"crossfade/backfill/spool"
	"crossfade/mapping"
	"crossfade/store"
)

const (
	// runLinks is how many messages are asked for at a time: it bounds the memory of a very large folder's transfer.
	runLinks = 20_000
	// confirmLinks is how many provisional pairs are compared at a time; a client's APPEND waits that long.
	confirmLinks = 1000
)

// unlisted stands for no listing: the flags are not what the source says now.
const unlisted = math.MaxUint64

// incoming is a message on its way up.
type incoming struct {
	uid    uint32 // shown
	flags  mapping.Flags
	listed uint64 // how often the source had been listed before it was asked for these flags
	date   time.Time
	*spool.Message
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
	if !f.rests() && f.acct.e.room() == nil && !f.deleted() {
		if err := f.clearUIDs(ctx); err != nil {
			return false, err
		}
	}
	todo := f.pending()
	if len(todo) == 0 || f.problem().Text != "" || f.deleted() {
		return true, nil // a problem is reported; a person or the other side's recovery lifts it
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
	t := &transferring{f: f, yield: yield, ahead: f.acct.e.bodies.NewAhead(f.acct.id)}
	if err = t.run(ctx, todo); err == nil && t.enough.Load() && f.rests() {
		err = errRests
	}
	if err == nil {
		err = f.landmarkNow(ctx)
	}
	return !t.enough.Load() || f.problem().Text != "", err
}

// transferring is one transfer: one goroutine reads the source, another writes the destination.
type transferring struct {
	f      *folder
	yield  func() bool
	ahead  *spool.Ahead
	enough atomic.Bool // no more is to be read: another folder goes first, it rests, or there is a problem or no room
}

// errEnough ends a Read that is not to go on.
var errEnough = errors.New("enough has been read")

// run reads ahead while it writes. What was read before the source failed is still written.
func (t *transferring) run(ctx context.Context, todo []uint32) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	ch := make(chan incoming, batchLinks/4)
	var unread error
	go func() {
		defer close(ch)
		defer t.ahead.Drop()
		unread = t.read(reading, todo, ch)
	}()
	err := t.f.write(ctx, ch, t.look)
	stop()
	for in := range ch { // what was read but not written
		in.Close()
	}
	if err != nil {
		return err
	}
	return unread
}

// look decides after each batch whether to go on.
func (t *transferring) look() {
	if t.f.problem().Text != "" || t.f.rests() || t.f.acct.e.room() != nil || t.yield() {
		t.enough.Store(true)
	}
}

// read reads ahead: source folder by source folder, while what came before is written.
func (t *transferring) read(ctx context.Context, todo []uint32, out chan<- incoming) error {
	for len(todo) > 0 {
		n := min(len(todo), t.f.acct.runSize())
		for _, layer := range layers(t.f.stillListed(todo[:n])) {
			err := t.box(ctx, layer, out)
			if errors.Is(err, errEnough) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		todo = todo[n:]
	}
	return nil
}

// box reads messages of one source folder.
func (t *transferring) box(ctx context.Context, todo []store.Link, out chan<- incoming) error {
	f := t.f
	var paired, plain []store.Link
	for _, l := range todo {
		if l.Paired {
			paired = append(paired, l)
		}
	}
	for some := range slices.Chunk(paired, confirmLinks) {
		if t.enough.Load() {
			return errEnough
		}
		if err := f.confirm(ctx, some); err != nil {
			return err
		}
	}
	for _, l := range todo { // what proved to be no pair goes in its turn
		if now, ok := f.get(l.UID); ok && now.State == store.Listed && !now.Paired {
			plain = append(plain, now)
		}
	}
	left, err := f.read(ctx, plain, t.ahead.Read, func(m incoming) error {
		select {
		case out <- m:
		case <-ctx.Done():
			m.Close()
			return ctx.Err()
		}
		if t.enough.Load() {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.missing(ctx, plain, left)
}

// withClaims does something while nothing of ours is in flight.
func (f *folder) withClaims(ctx context.Context, do func(context.Context) error) error {
	if err := f.sync.take(ctx); err != nil {
		return err
	}
	defer f.sync.release()
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	return do(ctx)
}

// lookLocked lists both sides with both claims taken.
func (f *folder) lookLocked(ctx context.Context) error {
	return f.withClaims(ctx, f.lookDue)
}

func (f *folder) lookDue(ctx context.Context) error {
	if f.passage.over() {
		return ErrSwitched
	}
	began := time.Now()
	if err := f.lookBoth(ctx); err != nil {
		f.owe()
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checked, f.owed = began, false // what happens while it is looked at may not have been seen
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
