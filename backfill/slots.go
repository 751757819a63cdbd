package backfill

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

// rank is how urgent a folder is: opened ones first, then by the admin's priority, then inboxes.
type rank struct {
	opened   bool
	priority int
	inbox    bool
}

func (r rank) compare(o rank) int {
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(yes(r.opened), yes(o.opened)), cmp.Compare(r.priority, o.priority), cmp.Compare(yes(r.inbox), yes(o.inbox)))
}

// slots are the engine's workers. Among waiting folders of the same rank the account goes first that was served
// least, counted in messages and bytes: a large account does not keep small ones waiting. An account that comes
// anew starts level with those that are served just then.
type slots struct {
	mu      sync.Mutex
	free    int
	waiting []*turn
	served  map[store.AccountID]float64
	active  map[store.AccountID]int // turns that wait or work
	clock   float64                 // what the account that was let in last had been served
}

// turn is one folder's time with a worker, or its wait for it.
type turn struct {
	account store.AccountID
	rank    rank
	ready   chan struct{} // closed when the turn has its worker
	begun   time.Time
	cost    float64 // counted so far
}

func newSlots(n int) *slots {
	return &slots{free: n, served: make(map[store.AccountID]float64), active: make(map[store.AccountID]int)}
}

// take waits for a worker.
func (s *slots) take(ctx context.Context, account store.AccountID, r rank) (*turn, error) {
	t := &turn{account: account, rank: r, ready: make(chan struct{})}
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
func (s *slots) deal() {
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
func (s *slots) before(t, o *turn) bool {
	if c := t.rank.compare(o.rank); c != 0 {
		return c > 0
	}
	return s.served[t.account] < s.served[o.account]
}

// charge counts what a turn has cost in all; the caller holds mu.
func (s *slots) charge(t *turn, cost float64) {
	if cost > t.cost {
		s.served[t.account] += cost - t.cost
		t.cost = cost
	}
}

// give ends a turn that moved so much.
func (s *slots) give(t *turn, messages int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.charge(t, turnCost+float64(messages)+float64(bytes)*byteCost)
	s.free++
	s.leave(t.account)
	s.deal()
}

func (s *slots) leave(account store.AccountID) {
	if s.active[account]--; s.active[account] == 0 {
		delete(s.active, account)
	}
}

// wanted tells whether a turn that moved so much should end for another: one of a higher rank waits, or this one
// has lasted and an account waits that was served less.
func (s *slots) wanted(t *turn, messages int, bytes int64) bool {
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

// queued is how many folders of an account wait for a worker.
func (s *slots) queued(account store.AccountID) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		if w.account == account {
			n++
		}
	}
	return n
}
