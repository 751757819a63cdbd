package pace

import (
	"context"
	"time"
)

const (
	// stepAside is how long a turn gives way to clients at most: the backfill never stands still because of them.
	stepAside = 250 * time.Millisecond
	// lookAgain bounds every sleep, so that limits that rise meanwhile are seen.
	lookAgain = time.Second
)

// What turns wait for.
const (
	forMessages = "messages per second"
	forPause    = "the server's pause"
)

// Admit waits until the backfill may move so many messages, in the order of asking. The caller holds no claim and no
// connection. An error is the context's.
func (h *Host) Admit(ctx context.Context, messages int) error {
	if h == nil {
		return ctx.Err()
	}
	h.mu.Lock()
	h.waiting++
	begun := time.Now()
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.waiting--
		h.waited += time.Since(begun)
	}()
	select {
	case h.line <- struct{}{}:
		defer func() { <-h.line }()
	case <-ctx.Done():
		return ctx.Err()
	}
	short := false
	for {
		h.mu.Lock()
		wait, what := h.delay(time.Now(), messages > 0)
		if h.waitsFor = what; wait <= 0 {
			h.waitsFor = ""
			h.messageB.take(float64(messages))
			h.stepped = time.Time{}
			if messages > 0 {
				h.turn.adapt(short)
			}
		}
		short = short || what == forMessages
		changed := h.changed
		h.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if err := pause(ctx, min(wait, lookAgain), changed); err != nil {
			h.mu.Lock()
			h.waitsFor = ""
			h.mu.Unlock()
			return err
		}
	}
}

// Free tells whether Admit would let messages go at once.
func (h *Host) Free() bool {
	if h == nil {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	wait, _ := h.delay(time.Now(), false)
	return wait <= 0 && h.breaker.why == nil
}

// Ready waits until the host's pause and its quiet hours are over: who holds nothing asks before work begins.
func (h *Host) Ready(ctx context.Context) error {
	if h == nil {
		return ctx.Err()
	}
	for {
		h.mu.Lock()
		wait, _ := h.rest(time.Now())
		changed := h.changed
		h.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if err := pause(ctx, min(wait, lookAgain), changed); err != nil {
			return err
		}
	}
}

// rest is how long the host is left alone; the caller holds mu.
func (h *Host) rest(now time.Time) (time.Duration, string) {
	if d := h.breaker.wait(now); d > 0 {
		return d, forPause
	}
	if quiet, share, until := h.limits.Quiet.At(now); quiet && share == 0 {
		return until.Sub(now), "the end of the quiet hours"
	}
	return 0, ""
}

// delay is how long the first turn waits at least, and what for; the caller holds mu.
func (h *Host) delay(now time.Time, moves bool) (time.Duration, string) {
	if d, what := h.rest(now); d > 0 {
		return d, what
	}
	if h.crowd() {
		if h.stepped.IsZero() {
			h.stepped = now
			h.yields++
		}
		if left := stepAside - now.Sub(h.stepped); left > 0 {
			return left, "clients"
		}
	}
	spare := time.Duration(h.turn) / 4
	if d := h.messageB.wait(now, h.rate(now), spare); d > 0 {
		return d, forMessages
	}
	if d := h.byteB.wait(now, h.limits.Bytes, spare); d > 0 {
		return d, "bytes per second"
	}
	if moves {
		return h.breaker.try(now), forPause
	}
	return 0, ""
}

// pause waits for a while, or until something changed.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
