package metrics

import (
	"strings"

	"crossfade/backfill/strikes"
)

// Logins are what is counted of logins on one server.
type Logins struct {
	Side, Host string
	strikes.Stats
}

// addLoginDescs describes how many failed logins the servers have counted, and what did not come so far.
func addLoginDescs(add func(name, help string, labels ...string)) {
	add("login_failures", "Failed logins that a server has counted within its window, as far as we know.", "side", "host")
	add("login_failures_limit", "How many it may be caused to count. Absent if there is no limit.", "side", "host")
	add("login_failures_total", "Failed logins that a server was caused to count since the program started.", "side", "host")
	add("logins_waiting", "Logins with an unknown password that wait until one more may fail.", "side", "host")
	add("logins_declined_total", "Those that were not tried in the end.", "side", "host")
	add("known_bad_passwords", "Passwords that a server refused lately, which are refused without asking it.")
	add("known_bad_passwords_refused_total", "Logins that were refused that way.")
}

// logins gives them.
func (s scrape) logins(v *Snapshot) {
	for _, l := range v.Logins {
		host := strings.ToValidUTF8(l.Host, "\ufffd")
		s.gauge("login_failures", float64(l.Strikes), l.Side, host)
		if l.Limit > 0 {
			s.gauge("login_failures_limit", float64(l.Limit), l.Side, host)
		}
		s.counter("login_failures_total", float64(l.Totals.Strikes), l.Side, host)
		s.gauge("logins_waiting", float64(l.Waiting), l.Side, host)
		s.counter("logins_declined_total", float64(l.Declined), l.Side, host)
	}
	s.gauge("known_bad_passwords", float64(v.KnownBad))
	s.counter("known_bad_passwords_refused_total", float64(v.KnownBadRefused))
}
