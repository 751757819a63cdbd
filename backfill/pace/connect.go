package pace

import (
	"context"
	"time"
)

// patience is how long background work waits within a call for a host that failed. A longer pause is waited out by
// the engine, where it holds no claim.
const patience = 2 * time.Second

// Knock asks for leave to open a connection. While the host is down, clients get the error that made it so at once,
// and background work after a moment. The answer must be told to Note.
func (h *Host) Knock(ctx context.Context, background bool) error {
	if h == nil {
		return ctx.Err()
	}
	end := time.Now().Add(patience)
	for {
		h.mu.Lock()
		now := time.Now()
		wait, why, changed := h.breaker.knock(now, !background), h.breaker.why, h.changed
		h.mu.Unlock()
		switch {
		case wait <= 0:
			return ctx.Err()
		case !background, now.Add(wait).After(end):
			return why
		}
		if err := pause(ctx, wait, changed); err != nil {
			return context.Cause(ctx)
		}
	}
}

// Connections is how many connections may be open now; 0 is any number.
func (h *Host) Connections() int {
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tune(time.Now())
	return h.connections()
}

func (h *Host) connections() int {
	return int(lowest(float64(h.limits.Connections), float64(h.conns.found)))
}

// Opened tells how many connections there are, and how many of them the backfill uses.
func (h *Host) Opened(open, background int) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open, h.background = open, background
	if h.conns.found > 0 && open >= h.conns.found {
		h.conns.full = true
	}
}

// Client announces a client's call until the returned function is called.
func (h *Host) Client() (done func()) {
	if h == nil {
		return func() {}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.clients--; !h.crowd() && !h.stepped.IsZero() {
			h.wake()
		}
	}
}

// ClientWaits announces a client's call that waits for a connection, until the returned function is called.
func (h *Host) ClientWaits() (done func()) {
	if h == nil {
		return func() {}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clientWait++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.clientWait--
	}
}

// manyClients calls of clients under way at the same time are a busy moment.
const manyClients = 8

// crowd tells whether the backfill should step aside: clients are many, or one waits for a connection. The caller
// holds mu.
func (h *Host) crowd() bool {
	many := manyClients
	if c := h.connections(); c > 0 {
		many = min(many, max(2, c/4))
	}
	return h.clientWait > 0 || h.clients >= many
}
