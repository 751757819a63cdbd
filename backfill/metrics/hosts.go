package metrics

import (
	"strings"
	"time"

	"crossfade/backfill/pace"
)

// addHostDescs describes how the two hosts are worked on.
func addHostDescs(add func(name, help string, labels ...string)) {
	host := func(name, help string, more ...string) {
		add("host_"+name, help, append([]string{"side", "host"}, more...)...)
	}
	host("connections", "Connections that are open to a mail server.")
	host("backfill_connections", "Those of them that the backfill uses now.")
	host("connection_limit", "Limits of connections: configured, found (the server refused more) and in_force. Absent where there is none.", "kind")
	host("messages_per_second_limit", "Limits of the backfill's messages a second: configured, found and in_force. Absent where there is none.", "kind")
	host("bytes_per_second_limit", "Configured limit of the backfill's bytes a second. Absent where there is none.")
	host("refusals_total", "Times the server asked for less: throttled, busy, crowded (too many connections), down.", "reason")
	host("backoffs_total", "Times the server was left alone for a while.")
	host("backoff_seconds", "How much longer it is left alone; 0 if it is not.")
	host("quiet", "1 within the configured quiet hours, else 0.")
	host("waiting_turns", "Turns of the backfill that wait for the server's leave.")
	host("wait_seconds_total", "Time that turns of the backfill have waited in all.")
	host("yields_total", "Times the backfill stepped aside for clients.")
	host("client_calls", "Calls on behalf of clients that are under way.")
}

// host gives one host's metrics.
func (s scrape) host(h *pace.Stats, now time.Time) {
	name := strings.ToValidUTF8(h.Host, "\ufffd")
	gauge := func(metric string, v float64, more ...string) {
		s.gauge("host_"+metric, v, append([]string{h.Side, name}, more...)...)
	}
	counter := func(metric string, v float64, more ...string) {
		s.counter("host_"+metric, v, append([]string{h.Side, name}, more...)...)
	}
	limit := func(metric string, v float64, more ...string) {
		if v > 0 {
			gauge(metric, v, more...)
		}
	}
	gauge("connections", float64(h.Connections))
	gauge("backfill_connections", float64(h.BackgroundConnections))
	limit("connection_limit", float64(h.ConnectionsConfigured), "configured")
	limit("connection_limit", float64(h.ConnectionsFound), "found")
	limit("connection_limit", float64(h.ConnectionLimit), "in_force")
	limit("messages_per_second_limit", h.MessagesConfigured, "configured")
	limit("messages_per_second_limit", h.MessagesFound, "found")
	limit("messages_per_second_limit", h.MessageLimit, "in_force")
	limit("bytes_per_second_limit", h.BytesConfigured)
	for n := pace.Throttled; n <= pace.Down; n++ {
		counter("refusals_total", float64(h.Refusals[n.String()]), n.String())
	}
	counter("backoffs_total", float64(h.Pauses))
	left := 0.0
	if h.PausedUntil != nil {
		left = max(0, h.PausedUntil.Sub(now).Seconds())
	}
	gauge("backoff_seconds", left)
	gauge("quiet", one(h.Quiet))
	gauge("waiting_turns", float64(h.Waiting))
	counter("wait_seconds_total", h.WaitSeconds)
	counter("yields_total", float64(h.Yields))
	gauge("client_calls", float64(h.Clients))
}

// one is 1 for true.
func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
