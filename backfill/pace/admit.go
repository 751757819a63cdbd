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

// forMessages is what a turn waits for whose messages would be too many.
const forMessages = "messages per second"

// Admit waits until the backfill may move messages of so many bytes, in the order of asking. The caller holds no
// claim and no connection. An error is the context's.
func (h *Host) Admit(ctx context.Context, messages int, bytes int64) error {
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
			h.messageB.take(float64(messages))
			h.byteB.take(float64(bytes))
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

// delay is how long the first turn waits at least, and what for; the caller holds mu.
func (h *Host) delay(now time.Time, moves bool) (time.Duration, string) {
	if d := h.breaker.wait(now, moves); d > 0 {
		return d, "the server's pause"
	}
	if quiet, share, until := h.limits.Quiet.At(now); quiet && share == 0 {
		return until.Sub(now), "the end of the quiet hours"
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
