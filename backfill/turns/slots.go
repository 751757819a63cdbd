package turns

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"crossfade/store"
)

const (
	// turnTime is how long a folder keeps its worker while others of the same rank wait.
	turnTime = 5 * time.Second
	// turnCost and byteCost are what a turn and its bytes count for, in messages.
	turnCost = 20
	byteCost = 1.0 / (32 << 10)
)

// Rank is how urgent a folder is: opened ones first, then by the admin's priority, then inboxes.
type Rank struct {
	Opened   bool
	Priority int
	Inbox    bool
}

func (r Rank) compare(o Rank) int {
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(yes(r.Opened), yes(o.Opened)), cmp.Compare(r.Priority, o.Priority), cmp.Compare(yes(r.Inbox), yes(o.Inbox)))
}

// Slots are the engine's workers. Among waiting folders of the same rank the account goes first that was served
// least, counted in messages and bytes: a large account does not keep small ones waiting. An account that comes
// anew starts level with those that are served just then.
type Slots struct {
	mu      sync.Mutex
	free    int
	waiting []*Turn
	served  map[store.AccountID]float64
	active  map[store.AccountID]int // turns that wait or work
	clock   float64                 // what the account that was let in last had been served
}

// Turn is one folder's time with a worker, or its wait for it.
type Turn struct {
	account store.AccountID
	rank    Rank
	ready   chan struct{} // closed when the turn has its worker
	begun   time.Time
	cost    float64 // counted so far
}

// NewSlots makes n workers.
func NewSlots(n int) *Slots {
	return &Slots{free: n, served: make(map[store.AccountID]float64), active: make(map[store.AccountID]int)}
}

// Take waits for a worker.
func (s *Slots) Take(ctx context.Context, account store.AccountID, r Rank) (*Turn, error) {
	t := &Turn{account: account, rank: r, ready: make(chan struct{})}
	s.mu.Lock()
	if s.active[account]++; s.active[account] == 1 {
		s.served[account] = max(s.served[account], s.clock)
	}
	s.waiting = append(s.waiting, t)
	s.deal()
	s.mu.Unlock()
	select {
	case <-t.ready:
		return t, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, t); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	} else {
		s.free++ // it was let in at that very moment
		s.deal()
	}
	s.leave(account)
	return nil, ctx.Err()
}

// deal lets in whoever is first while there are workers; the caller holds mu.
func (s *Slots) deal() {
	for s.free > 0 && len(s.waiting) > 0 {
		best := 0
		for i, t := range s.waiting {
			if s.before(t, s.waiting[best]) {
				best = i
			}
		}
		t := s.waiting[best]
		s.waiting = slices.Delete(s.waiting, best, best+1)
		s.free--
		s.clock = max(s.clock, s.served[t.account])
		s.charge(t, turnCost)
		t.begun = time.Now()
		close(t.ready)
	}
}

// before tells whether t goes before o, both waiting; the first to ask goes first among equals.
func (s *Slots) before(t, o *Turn) bool {
	if c := t.rank.compare(o.rank); c != 0 {
		return c > 0
	}
	return s.served[t.account] < s.served[o.account]
}

// charge counts what a turn has cost in all; the caller holds mu.
func (s *Slots) charge(t *Turn, cost float64) {
	if cost > t.cost {
		s.served[t.account] += cost - t.cost
		t.cost = cost
	}
}

// Give ends a turn that moved so much.
func (s *Slots) Give(t *Turn, messages int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.charge(t, turnCost+float64(messages)+float64(bytes)*byteCost)
	s.free++
	s.leave(t.account)
	s.deal()
}

func (s *Slots) leave(account store.AccountID) {
	if s.active[account]--; s.active[account] == 0 {
		delete(s.active, account)
	}
}

// Wanted tells whether a turn that moved so much should end for another: one of a higher rank waits, or this one
// has lasted and an account waits that was served less.
func (s *Slots) Wanted(t *Turn, messages int, bytes int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.charge(t, turnCost+float64(messages)+float64(bytes)*byteCost)
	for _, w := range s.waiting {
		c := w.rank.compare(t.rank)
		if c > 0 || c == 0 && time.Since(t.begun) >= turnTime && s.served[w.account] < s.served[t.account] {
			return true
		}
	}
	return false
}

// Queued is how many folders of an account wait for a worker.
func (s *Slots) Queued(account store.AccountID) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		if w.account == account {
			n++
		}
	}
	return n
}
