package proxy

import "sync"

// Seats bound how many clients of one account are logged in at once. It is safe for concurrent use.
type Seats struct {
	most int

	mu    sync.Mutex
	taken map[string]int
}

// NewSeats makes the record, one for all doors of a process. most is the number for each account; 0: 100, since people
// have several devices, each of which opens a dozen connections.
func NewSeats(most int) *Seats {
	if most <= 0 {
		most = 100
	}
	return &Seats{most: most, taken: make(map[string]int)}
}

// Take takes a seat, if there is one. leave gives it back and may be called more than once.
func (s *Seats) Take(account string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[account] >= s.most {
		return nil, false
	}
	s.taken[account]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.taken[account]--; s.taken[account] == 0 {
			delete(s.taken, account)
		}
	}), true
}
