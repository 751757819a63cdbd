package pace

import (
	"math/rand/v2"
	"time"
)

const (
	firstPause = time.Second
	maxPause   = 5 * time.Minute
	knockTime  = 15 * time.Second // a knock that has not been answered by then counts no more
)

// breaker leaves a host alone that failed or asked for it.
type breaker struct {
	failures int
	until    time.Time
	why      error
	shut     bool      // new connections fail as well, not only the backfill's work waits
	knocking time.Time // one connection is tried after a pause, since then
	trying   time.Time // one background turn is tried after a pause, since then
}

// fail begins a pause. It returns false for failures within one: attempts that started together count once.
func (b *breaker) fail(now time.Time, why error, shut bool) bool {
	b.knocking, b.trying = time.Time{}, time.Time{}
	if now.Before(b.until) {
		b.shut = b.shut || shut
		return false
	}
	pause := min(maxPause, firstPause<<min(b.failures, 20))
	b.failures++
	pause = pause/2 + rand.N(pause/2+1)
	b.until, b.why, b.shut = now.Add(pause), why, shut
	return true
}

// well takes a good answer: nothing is held against the host any more, but a pause it asked for is kept.
func (b *breaker) well(now time.Time) {
	if b.shut || !now.Before(b.until) {
		*b = breaker{}
	}
}

// wait is how long background work has to wait for the end of a pause.
func (b *breaker) wait(now time.Time) time.Duration {
	if b.why == nil {
		return 0
	}
	return max(0, b.until.Sub(now))
}

// try is how long a background turn has to wait after a pause: one goes, and the others when it went well.
func (b *breaker) try(now time.Time) time.Duration {
	if b.why == nil {
		return 0
	}
	return first(&b.trying, now)
}

// knock is how long a new connection has to wait. After a pause one is opened, and the others when it went well;
// but a client's is not held up.
func (b *breaker) knock(now time.Time, client bool) time.Duration {
	switch {
	case b.why == nil, client && !b.shut:
		return 0
	case now.Before(b.until):
		return b.until.Sub(now)
	case client:
		return 0
	}
	return first(&b.knocking, now)
}

// first lets one through.
func first(since *time.Time, now time.Time) time.Duration {
	if now.Sub(*since) < knockTime {
		return 100 * time.Millisecond
	}
	*since = now
	return 0
}
