package imap

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/backfill"
)

// metrics are how long the host lets us wait. Who has drivers for both sides adds the label that tells them apart.
type metrics struct {
	commands *prometheus.HistogramVec
	waits    *prometheus.HistogramVec
}

func newMetrics() *metrics {
	return &metrics{
		commands: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "crossfade_upstream_command_duration_seconds",
			Help:    "Time a mail server took for what it was asked, until the last byte was taken off it; connect includes TLS and login.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}}, []string{"command", "work"}),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "crossfade_upstream_connection_wait_seconds",
			Help:    "Time until a connection to a mail server was at hand, new ones included.",
			Buckets: []float64{.001, .01, .1, .5, 1, 5, 30, 300}}, []string{"work"}),
	}
}

// Collector gives the driver's metrics.
func (d *Driver) Collector() prometheus.Collector { return collector{d.metrics} }

type collector struct{ m *metrics }

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	c.m.commands.Describe(ch)
	c.m.waits.Describe(ch)
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.m.commands.Collect(ch)
	c.m.waits.Collect(ch)
}

// took counts a call. Its name is one of those in this package.
func (m *metrics) took(ctx context.Context, op string, since time.Time) {
	m.commands.WithLabelValues(strings.ToLower(op), workOf(ctx)).Observe(time.Since(since).Seconds())
}

// waited counts the wait for a connection.
func (m *metrics) waited(ctx context.Context, since time.Time) {
	m.waits.WithLabelValues(workOf(ctx)).Observe(time.Since(since).Seconds())
}

// workOf tells who waits.
func workOf(ctx context.Context) string {
	if backfill.IsBackground(ctx) {
		return "backfill"
	}
	return "clients"
}
