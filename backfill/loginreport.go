package backfill

import (
	"cmp"
	"slices"

	"crossfade/backfill/metrics"
)

// LoginReport is how many failed logins a server has counted, as far as we know, and what became of those that might have
// been too many.
type LoginReport struct {
	Side     string `json:"side"`
	Host     string `json:"host"`
	Failures int    `json:"failures"`
	Limit    int    `json:"limit,omitempty"` // 0: none
	Seconds  int    `json:"window_seconds"`
	Waiting  int    `json:"waiting"`
	Declined uint64 `json:"declined"` // since the program started
}

// logins are the counts of all servers, the destination's last. They are made when a server is first asked.
func (g *guesses) logins() (out []metrics.Logins) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for host, c := range g.counters {
		l := metrics.Logins{Side: "source", Host: host, Stats: c.Stats()}
		if host == g.destination {
			l.Side = "destination"
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b metrics.Logins) int {
		return cmp.Or(-cmp.Compare(a.Side, b.Side), cmp.Compare(a.Host, b.Host))
	})
	return out
}

// report are the servers on which logins fail or have to wait.
func (g *guesses) report() (out []LoginReport) {
	for _, l := range g.logins() {
		if l.Strikes > 0 || l.Waiting > 0 || l.Declined > 0 {
			out = append(out, LoginReport{l.Side, l.Host, l.Strikes, l.Limit, int(l.Window.Seconds()), l.Waiting, l.Declined})
		}
	}
	return out
}
