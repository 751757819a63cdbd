package backfill

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"crossfade/store"
)

// claim is a long exclusion that waits with a context, so that nobody hangs on a slow server. It is not a
// mutex: whoever holds it may talk to a server.
type claim struct {
	free    chan struct{}
	waiting atomic.Int32
	talks   []Driver // the servers that its holder may talk to
}

// Greeter is a Driver that knows whether its server is there at all. It is optional.
type Greeter interface {
	// Silence is how long a client waits for somebody who talks to the server before it is asked whether that is there.
	Silence() time.Duration
	// Alive tells whether the server greets a new connection.
	Alive(ctx context.Context) bool
}

func newClaim(talks ...Driver) *claim {
	c := &claim{free: make(chan struct{}, 1), talks: talks}
	c.free <- struct{}{}
	return c
}

// take waits for the claim. A holder in the background may wait minutes for a server that has fallen silent, because what
// it has begun must not be done twice. Who comes after it has begun nothing, so a client is told instead that the server
// is not there (ErrUnavailable).
func (c *claim) take(ctx context.Context) error {
	if c.tryTake() {
		return nil
	}
	c.waiting.Add(1)
	defer c.waiting.Add(-1)
	for {
		var late <-chan time.Time
		if silence := c.silence(); silence > 0 && !IsBackground(ctx) {
			late = time.After(silence)
		}
		select {
		case <-c.free:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			if err := c.silent(ctx); err != nil && !c.tryTake() {
				return err
			} else if err != nil {
				return nil // given back in this moment
			}
		}
	}
}

// silence is how long a client waits before the servers are asked whether they are there; 0: they cannot be asked.
func (c *claim) silence() (shortest time.Duration) {
	for _, d := range c.talks {
		if g, ok := d.(Greeter); ok && (shortest == 0 || g.Silence() < shortest) {
			shortest = g.Silence()
		}
	}
	return shortest
}

// silent asks the servers whether they are there.
func (c *claim) silent(ctx context.Context) error {
	for _, d := range c.talks {
		if g, ok := d.(Greeter); ok && !g.Alive(ctx) && ctx.Err() == nil {
			return fmt.Errorf("%s has fallen silent: %w", d.Host(), ErrUnavailable)
		}
	}
	return nil
}

// tryTake takes the claim if it is free.
func (c *claim) tryTake() bool {
	select {
	case <-c.free:
		return true
	default:
		return false
	}
}

// wanted tells the holder that somebody waits.
func (c *claim) wanted() bool { return c.waiting.Load() > 0 }

func (c *claim) release() { c.free <- struct{}{} }

// claimTime is how long a writer's claim in the store holds without being renewed; each batch renews it.
const claimTime = 10 * time.Minute

// claim renews this run's right to copy into the folder, in the transaction of a batch's intent. Another run's
// claim is void if it is older than this run: the store lets in one process at a time.
func (f *folder) claim(tx *store.Tx) error {
	acc, e, now := f.rec.Account, f.acct.e, time.Now().UTC()
	held, err := tx.Claim(acc, f.id)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && held.Owner == e.owner:
	case err != nil:
		return err
	case now.Before(held.Expires) && held.Expires.Add(-claimTime).After(e.started):
		return fmt.Errorf("another Crossfade copies into %s until %s", f.rec.Name, held.Expires)
	}
	return tx.PutClaim(acc, f.id, store.Claim{Owner: e.owner, Expires: now.Add(claimTime)})
}

// unclaim gives the right back, so that the next to copy need not wait for its end. Where that fails, it expires.
func (f *folder) unclaim() {
	acc, st := f.record().Account, f.acct.e.store
	var held store.Claim
	err := st.View(func(rx *store.Rx) (err error) {
		held, err = rx.Claim(acc, f.id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && held.Owner != f.acct.e.owner {
		return
	}
	if err == nil {
		err = st.Update(func(tx *store.Tx) error { return tx.DeleteClaim(acc, f.id) })
	}
	if err != nil {
		f.acct.log.Warn("a claim could not be given back", "folder", f.record().Name, "err", err)
	}
}
