package strikes

import (
	"context"
	"sync"
	"time"
)

// Counter is our count of one server's strikes. It is safe for concurrent use.
type Counter struct {
	limits Limits
	struck func() // called after each strike, without mu; nil for nobody

	mu      sync.Mutex
	strikes []time.Time // ascending; the oldest go when they do not matter any more
	taken   int         // places that are out
	seen    past
	waiting []*waiter
	arrived uint64
	timer   *time.Timer // nil while nobody waits for time to pass
	totals  Totals
}

// Totals are counts since the program started.
type Totals struct {
	Strikes  uint64 // logins that the server refused, or may have
	Declined uint64 // tries that got no place in time
}

// New makes a counter.
func New(l Limits) *Counter {
	if l.Wait <= 0 {
		l.Wait = 15 * time.Second
	}
	if l.CreditEvery <= 0 {
		l.CreditEvery = 5 * time.Minute
	}
	return &Counter{limits: l, seen: newPast()}
}

// Try is who wants to log in: a name as the server knows it, and the network that it comes from, "" if that is not known.
// Pair tells the name with its password from others (Known.Pair).
type Try struct {
	Name, Network string
	Pair          uint64
}

// Place is the leave to try one password. One of its methods is to be called once; further calls do nothing.
type Place struct {
	c    *Counter
	t    Try
	held bool // it keeps others from having it
	once sync.Once
}

// Free is a place for a likely secret: it is there at once and takes none from others.
func (c *Counter) Free(t Try) *Place { return &Place{c: c, t: t.cut()} }

// Full is why a place could not be had: the server would count too many failed logins.
type Full struct{}

// Error implements error.
func (Full) Error() string {
	return "too many logins have failed lately, no more are tried for a while"
}

// Take waits for a place. The error is Full if none came in time, or ctx's.
func (c *Counter) Take(ctx context.Context, t Try) (*Place, error) {
	w := c.queue(t.cut())
	t2 := time.NewTimer(c.limits.Wait)
	defer t2.Stop()
	var err error
	select {
	case p := <-w.done:
		return p.or(Full{})
	case <-t2.C:
		err = Full{}
	case <-ctx.Done():
		err = ctx.Err()
	}
	return c.leave(w, err)
}

// or is the place, or an error if there is none.
func (p *Place) or(err error) (*Place, error) {
	if p == nil {
		return nil, err
	}
	return p, nil
}

// Accepted says that the server took the login: it counted nothing.
func (p *Place) Accepted() {
	p.end(func(now time.Time) {
		if p.c.seen.accepted(p.t, now, p.c.limits.CreditEvery) {
			p.c.strikes = p.c.strikes[min(p.c.limits.Credit, len(p.c.strikes)):]
		}
	})
}

// Refused says that the server refused the login, or may have: the answer did not come.
func (p *Place) Refused() {
	refused := false
	p.end(func(now time.Time) {
		refused = true
		p.c.strikes = append(p.c.strikes, now)
		p.c.totals.Strikes++
		p.c.seen.refused(p.t, now)
	})
	if refused && p.c.struck != nil {
		p.c.struck()
	}
}

// Unasked says that the server never saw the password.
func (p *Place) Unasked() { p.end(func(time.Time) {}) }

func (p *Place) end(note func(now time.Time)) {
	p.once.Do(func() {
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		now := time.Now()
		note(now)
		if p.held {
			p.c.taken--
		}
		p.c.prune(now)
		p.c.serve(now)
	})
}

// prune forgets strikes that do not matter any more: old ones, and those beyond what any rule asks about.
func (c *Counter) prune(now time.Time) {
	window, most := c.limits.kept()
	drop := max(0, len(c.strikes)-most)
	for drop < len(c.strikes) && now.Sub(c.strikes[drop]) >= window {
		drop++
	}
	if drop > 0 {
		c.strikes = append(c.strikes[:0], c.strikes[drop:]...)
	}
}

// within is how many strikes lie in the last window.
func (c *Counter) within(window time.Duration, now time.Time) int {
	n := 0
	for i := len(c.strikes) - 1; i >= 0 && now.Sub(c.strikes[i]) < window; i-- {
		n++
	}
	return n
}

// room tells whether one more strike would keep to all rules. A try in doubt is kept from what is kept for others.
func (c *Counter) room(doubt int, now time.Time) bool {
	for _, r := range c.limits.Rules {
		if c.within(r.Window, now)+c.taken >= r.Strikes-r.kept(doubt) {
			return false
		}
	}
	return true
}

// Stats are a counter's figures.
type Stats struct {
	Strikes int           // in the first rule's window
	Limit   int           // of the first rule; 0: none
	Window  time.Duration // the first rule's
	Taken   int           // logins under way that may fail
	Waiting int           // logins that wait for a place
	Totals
}

// Stats tells how it goes.
func (c *Counter) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Window: countedFor, Taken: c.taken, Waiting: len(c.waiting), Totals: c.totals}
	if len(c.limits.Rules) > 0 {
		s.Limit, s.Window = c.limits.Rules[0].Strikes, c.limits.Rules[0].Window
	}
	s.Strikes = c.within(s.Window, time.Now())
	return s
}
