package imap

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"crossfade/backfill"
)

// health remembers that a host refused connections or asked for a pause, and for how long to leave it alone.
type health struct {
	mu       sync.Mutex
	failures int
	until    time.Time
	why      *backfill.Error
}

const (
	firstPause = time.Second
	maxPause   = 5 * time.Minute
)

func newHealth() *health { return &health{} }

// note takes the outcome of a connection attempt, or a refusal that concerns the whole host.
func (h *health) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.failures, h.until, h.why = 0, time.Time{}, nil
		return
	}
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.HostScope || e.Patience != backfill.Later {
		return
	}
	if time.Now().Before(h.until) {
		return // attempts that started together count once
	}
	pause := min(maxPause, firstPause<<min(h.failures, 20))
	h.failures++
	pause = pause/2 + rand.N(pause/2+1)
	h.until, h.why = time.Now().Add(pause), e
}

// ready returns nil when a new connection may be tried. While the host is down, background work waits and
// everybody else gets the error that made it so.
func (h *health) ready(ctx context.Context) error {
	for {
		h.mu.Lock()
		left, why := time.Until(h.until), h.why
		h.mu.Unlock()
		if why == nil || left <= 0 {
			return nil
		}
		if !backfill.IsBackground(ctx) {
			return why
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}
