package backfill

import (
	"math"
	"sync"
	"time"
)

const (
	// rateWindow is the time over which the rate of copying is smoothed: what is longer ago counts ever less.
	rateWindow = 5 * time.Minute
	// rateSettle is how long something must have been copied before a rate is told.
	rateSettle = 3 * time.Second
)

// meter smooths a rate that comes in bursts: each copy's weight falls by half in about three and a half minutes.
type meter struct {
	mu          sync.Mutex
	began, last time.Time
	msgs, bytes float64 // as of last
}

// add counts what was copied just now.
func (m *meter) add(now time.Time, msgs int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last.IsZero() || now.Sub(m.last) > 2*rateWindow { // nobody knows since when the first ones were on their way
		m.began, m.last, m.msgs, m.bytes = now, now, 0, 0
		return
	}
	fade := math.Exp(-now.Sub(m.last).Seconds() / rateWindow.Seconds())
	m.msgs, m.bytes, m.last = m.msgs*fade+float64(msgs), m.bytes*fade+float64(bytes), now
}

// perSecond is the rate; ok is false as long as too little is known.
func (m *meter) perSecond(now time.Time) (msgs, bytes float64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	age := now.Sub(m.began)
	if m.last.IsZero() || age < rateSettle || now.Sub(m.last) > 2*rateWindow {
		return 0, 0, false
	}
	window := rateWindow.Seconds()
	fade := math.Exp(-now.Sub(m.last).Seconds() / window)
	seen := window * (1 - math.Exp(-age.Seconds()/window)) // what a steady rate of one would have added up to
	return m.msgs * fade / seen, m.bytes * fade / seen, true
}
