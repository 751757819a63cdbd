package strikes

import (
	"cmp"
	"slices"
	"time"
)

// maxWaiting bounds those who wait: in all, and under one name.
const (
	maxWaiting     = 500
	maxWaitingName = 8
)

// waiter is a try that has no place yet.
type waiter struct {
	t       Try
	arrived uint64
	again   bool        // it was put off before
	done    chan *Place // of size one; nil comes out for one that others pushed out
}

// queue adds a waiter, who may have been served already when it returns.
func (c *Counter) queue(t Try) *waiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arrived++
	w := &waiter{t: t, arrived: c.arrived, done: make(chan *Place, 1)}
	now := time.Now()
	w.again = c.seen.returns(t, now)
	c.waiting = append(c.waiting, w)
	c.seen.came(t, false, now)
	c.serve(now)
	c.crowd(t.Name, now)
	return w
}

// leave takes a waiter out whose time is over, unless it was served in the meantime.
func (c *Counter) leave(w *waiter, err error) (*Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case p := <-w.done:
		return p.or(Full{})
	default:
	}
	c.waiting = slices.DeleteFunc(c.waiting, func(o *waiter) bool { return o == w })
	if err == (Full{}) {
		c.totals.Declined++
	}
	c.arm(time.Now())
	return nil, err
}

// crowd sends the last in the order away if too many wait. The caller holds mu.
func (c *Counter) crowd(name string, now time.Time) {
	same := func(w *waiter) bool { return w.t.Name == name }
	all := func(*waiter) bool { return true }
	for _, among := range []struct {
		most  int
		which func(*waiter) bool
	}{{maxWaitingName, same}, {maxWaiting, all}} {
		n := 0
		for _, w := range c.waiting {
			if among.which(w) {
				n++
			}
		}
		if n <= among.most {
			continue
		}
		last := -1
		for i, w := range c.waiting {
			if among.which(w) && (last < 0 || c.before(c.waiting[last], w, now) < 0) {
				last = i
			}
		}
		c.waiting[last].done <- nil
		c.waiting = slices.Delete(c.waiting, last, last+1)
		c.totals.Declined++
	}
}

// before orders waiters: negative if a goes first.
func (c *Counter) before(a, b *waiter, now time.Time) int {
	x, y := c.seen.rank(a, now), c.seen.rank(b, now)
	return cmp.Or(cmp.Compare(x.doubt, y.doubt), cmp.Compare(x.network, y.network), cmp.Compare(x.name, y.name), cmp.Compare(x.served, y.served), cmp.Compare(a.arrived, b.arrived))
}

// serve hands out what places there are. The caller holds mu.
func (c *Counter) serve(now time.Time) {
	for len(c.waiting) > 0 {
		first := 0
		for i := range c.waiting {
			if c.before(c.waiting[i], c.waiting[first], now) < 0 {
				first = i
			}
		}
		w := c.waiting[first] // the one least in doubt: if there is no room for it there is none for the others
		if !c.room(c.seen.rank(w, now).doubt, now) {
			break
		}
		c.waiting = slices.Delete(c.waiting, first, first+1)
		c.taken++
		c.seen.serve(w.t, now)
		w.done <- &Place{c: c, t: w.t, held: true}
	}
	c.arm(now)
}

// arm has serve called when time alone makes room. The caller holds mu.
func (c *Counter) arm(now time.Time) {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if len(c.waiting) == 0 || len(c.strikes) == 0 {
		return // without strikes a place comes back from somebody
	}
	next := time.Duration(-1)
	for _, r := range c.limits.Rules {
		if n := c.within(r.Window, now); n > 0 {
			if d := c.strikes[len(c.strikes)-n].Add(r.Window).Sub(now); next < 0 || d < next {
				next = d
			}
		}
	}
	if next >= 0 {
		c.timer = time.AfterFunc(max(next, time.Millisecond), c.later)
	}
}

// later is what the timer calls.
func (c *Counter) later() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.prune(now)
	c.serve(now)
}
