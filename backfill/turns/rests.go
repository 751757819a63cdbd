package turns

import "sync"

// Rests know that everything rests, and wake those who wait for a rest to begin or end. Of accounts and folders that rest
// alone only the change is told here.
type Rests struct {
	mu      sync.Mutex
	all     bool
	turned  chan struct{} // closed when a rest began or ended, then replaced
	waiting map[*waiter]struct{}
}

// waiter waits for something that a rest should end.
type waiter struct {
	rests func() bool
	stop  func()
}

// NewRests begins with everything at rest, or nothing.
func NewRests(all bool) *Rests {
	return &Rests{all: all, turned: make(chan struct{}), waiting: make(map[*waiter]struct{})}
}

// When calls stop if rests is true now, or after a change before the returned function is called.
func (r *Rests) When(rests func() bool, stop func()) (forget func()) {
	w := &waiter{rests, stop}
	r.mu.Lock()
	r.waiting[w] = struct{}{}
	r.mu.Unlock()
	if rests() {
		stop()
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.waiting, w)
	}
}

// Set lets everything rest or go on. Changed tells of it.
func (r *Rests) Set(all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = all
}

// Changed wakes whoever waits for a rest to begin or end.
func (r *Rests) Changed() {
	r.mu.Lock()
	close(r.turned)
	r.turned = make(chan struct{})
	waiting := make([]*waiter, 0, len(r.waiting))
	for w := range r.waiting {
		waiting = append(waiting, w)
	}
	r.mu.Unlock()
	for _, w := range waiting {
		if w.rests() {
			w.stop()
		}
	}
}

// All tells whether everything rests, and when to ask again.
func (r *Rests) All() (all bool, turned <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all, r.turned
}
