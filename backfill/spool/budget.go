package spool

import (
	"context"
	"slices"
	"sync"

	"crossfade/store"
)

// budget is the memory that bodies in flight may take. A client never waits for it: it takes what there is, or its
// message goes to a file; an eighth is out of the backfill's reach. The backfill's readers wait. Among those that wait
// the account goes first that holds least, and none may hold more than it leaves free for others: accounts whose
// destination is slow cannot take everything from the rest.
type budget struct {
	size int64

	mu      sync.Mutex
	used    int64
	behind  int64 // of used: by the backfill
	held    map[store.AccountID]int64
	waiting []*demand // first come first
}

// demand is somebody who waits for n bytes.
type demand struct {
	account store.AccountID
	n       int64
	ready   chan struct{} // closed when they are his
}

func newBudget(size int64) *budget {
	return &budget{size: size, held: make(map[store.AccountID]int64)}
}

// inUse is how many bytes are held.
func (b *budget) inUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// try takes room at once if there is some. What is taken goes back with forget.
func (b *budget) try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.size {
		return false
	}
	b.used += n
	return true
}

// forget gives back what try has taken.
func (b *budget) forget(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.deal()
}

// acquire waits until there is room for the backfill of an account; n is at most the whole budget.
func (b *budget) acquire(ctx context.Context, account store.AccountID, n int64) error {
	c := &demand{account: account, n: n, ready: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, c)
	b.deal()
	b.mu.Unlock()
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, c); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.back(account, n) // it was granted at that very moment
	}
	b.deal() // others may have waited behind it
	return ctx.Err()
}

// release gives back what acquire has taken.
func (b *budget) release(account store.AccountID, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.back(account, n)
	b.deal()
}

// back takes bytes off the books; the caller holds mu.
func (b *budget) back(account store.AccountID, n int64) {
	b.used -= n
	b.behind -= n
	if b.held[account] -= n; b.held[account] == 0 {
		delete(b.held, account)
	}
}

// deal grants what there is room for; the caller holds mu. Whoever is first waits for room, and nobody smaller slips past.
func (b *budget) deal() {
	for {
		best := -1
		for i, c := range b.waiting {
			if b.fair(c) && (best < 0 || b.held[c.account] < b.held[b.waiting[best].account]) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		c := b.waiting[best]
		if b.used+c.n > b.size || b.behind > 0 && c.n > b.room() {
			return
		}
		b.waiting = slices.Delete(b.waiting, best, best+1)
		b.used += c.n
		b.behind += c.n
		b.held[c.account] += c.n
		close(c.ready)
	}
}

// room is what the backfill may still take; the caller holds mu.
func (b *budget) room() int64 { return b.size - b.size/8 - b.used }

// fair tells whether the account would hold no more than it leaves free; something everybody may hold.
func (b *budget) fair(c *demand) bool {
	held := b.held[c.account]
	return held == 0 || held+c.n <= b.room()-c.n
}
