package pace

import "time"

// Stats is one look at a host. A limit of 0 means that there is none, or that none was found.
type Stats struct {
	Side string `json:"side"` // "source" or "destination"; filled in by who knows it
	Host string `json:"host"`

	Connections           int `json:"connections"`            // open now
	BackgroundConnections int `json:"background_connections"` // of these in use by the backfill
	ConnectionLimit       int `json:"connection_limit"`       // in force
	ConnectionsConfigured int `json:"connections_configured"`
	ConnectionsFound      int `json:"connections_found"`

	Messages           uint64  `json:"messages"` // moved by the backfill since the start
	Bytes              uint64  `json:"bytes"`
	MessagesPerSecond  float64 `json:"messages_per_second"` // lately
	BytesPerSecond     float64 `json:"bytes_per_second"`
	MessageLimit       float64 `json:"message_limit"` // in force, a second
	MessagesConfigured float64 `json:"messages_configured"`
	MessagesFound      float64 `json:"messages_found"`
	BytesConfigured    float64 `json:"bytes_configured"`

	Refusals    map[string]uint64 `json:"refusals,omitempty"` // by note: throttled, busy, crowded, down
	Pauses      uint64            `json:"pauses"`             // how often the host was left alone
	PausedUntil *time.Time        `json:"paused_until,omitempty"`
	PausedFor   string            `json:"paused_for,omitempty"` // the server's words
	Quiet       bool              `json:"quiet"`                // within quiet hours
	QuietUntil  *time.Time        `json:"quiet_until,omitempty"`

	Waiting     int     `json:"waiting"`      // turns of the backfill that wait now
	WaitsFor    string  `json:"waits_for"`    // what the first of them waits for; "" if nothing
	WaitSeconds float64 `json:"wait_seconds"` // waited in all
	Yields      uint64  `json:"yields"`       // how often the backfill stepped aside for clients
	Clients     int     `json:"clients"`      // clients' calls under way
}

// Stats returns a snapshot.
func (h *Host) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.tune(now)
	s := Stats{
		Host:        h.name,
		Connections: h.open, BackgroundConnections: h.background,
		ConnectionLimit: h.connections(), ConnectionsConfigured: h.limits.Connections, ConnectionsFound: h.conns.found,
		Messages: h.messages, Bytes: h.bytes,
		MessagesPerSecond: h.goodput.rate(now), BytesPerSecond: h.byteput.rate(now),
		MessageLimit: h.rate(now), MessagesConfigured: h.limits.Messages, MessagesFound: h.search.rate,
		BytesConfigured: h.limits.Bytes,
		Refusals:        make(map[string]uint64, len(h.refusals)), Pauses: h.pauses,
		Waiting: h.waiting, WaitsFor: h.waitsFor, WaitSeconds: h.waited.Seconds(), Yields: h.yields, Clients: h.clients,
	}
	for n, count := range h.refusals {
		s.Refusals[n.String()] = count
	}
	if until := h.breaker.until; now.Before(until) {
		s.PausedUntil, s.PausedFor = &until, h.breaker.why.Error()
	}
	if quiet, _, until := h.limits.Quiet.At(now); quiet {
		s.Quiet, s.QuietUntil = true, &until
	}
	return s
}
