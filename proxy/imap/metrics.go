package imap

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What a session is doing, as metrics name it; idle is a client that waits inside IDLE, in a mailbox or not; spliced
// is one that talks to the destination.
const (
	doingNothing = iota // before the first look and after the last
	doingLogin
	doingAuthenticated
	doingSelected
	doingIdle
	doingSpliced
	doings
)

// metrics are what the server counts. Their labels are names of commands that exist, never what a client sent.
type metrics struct {
	now      [doings]atomic.Int64
	sessions *prometheus.Desc
	refused  *prometheus.Desc
	begun    prometheus.Counter
	logins   *prometheus.CounterVec
	commands *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics() *metrics {
	return &metrics{
		sessions: prometheus.NewDesc("crossfade_client_sessions",
			"Connections of IMAP clients, by what they do: not_authenticated, authenticated, selected, idle, spliced.", []string{"state"}, nil),
		refused: prometheus.NewDesc("crossfade_client_connections_refused_total",
			"Connections of IMAP clients that were sent away because there were too many.", nil, nil),
		begun: prometheus.NewCounter(prometheus.CounterOpts{Name: "crossfade_client_connections_total",
			Help: "Connections of IMAP clients that were served, since the program started."}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "crossfade_client_logins_total",
			Help: "Logins by IMAP clients: ok, refused (a server said that the name or the password is wrong), failed (a server did not answer)."}, []string{"result"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "crossfade_client_commands_total",
			Help: "Commands of IMAP clients, by the answer: ok, no, bad. What is no command is other."}, []string{"command", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "crossfade_client_command_duration_seconds",
			Help:    "Time from a client's command to its answer; APPEND includes the message's way in, IDLE is left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, []string{"command"}),
	}
}

// Collector gives the server's metrics.
func (s *Server) Collector() prometheus.Collector { return &collector{s} }

type collector struct{ s *Server }

// parts are the metrics that collect themselves.
func (m *metrics) parts() []prometheus.Collector {
	return []prometheus.Collector{m.begun, m.logins, m.commands, m.duration}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	m := c.s.metrics
	ch <- m.sessions
	ch <- m.refused
	for _, p := range m.parts() {
		p.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	m := c.s.metrics
	for i, name := range []string{doingLogin: "not_authenticated", doingAuthenticated: "authenticated", doingSelected: "selected", doingIdle: "idle", doingSpliced: "spliced"} {
		if name != "" {
			ch <- prometheus.MustNewConstMetric(m.sessions, prometheus.GaugeValue, float64(m.now[i].Load()), name)
		}
	}
	ch <- prometheus.MustNewConstMetric(m.refused, prometheus.CounterValue, float64(c.s.opts.Gate.Refused()))
	for _, p := range m.parts() {
		p.Collect(ch)
	}
}

// does counts what the connection does from now on.
func (c *conn) does(what int) {
	if c.doing == what {
		return
	}
	m := c.srv.metrics
	if c.doing != doingNothing {
		m.now[c.doing].Add(-1)
	}
	if c.doing = what; what != doingNothing {
		m.now[what].Add(1)
	}
}

// rests is does with what the connection does between commands.
func (c *conn) rests() {
	switch c.state() {
	case notLoggedIn:
		c.does(doingLogin)
	case loggedIn:
		c.does(doingAuthenticated)
	default:
		c.does(doingSelected)
	}
}

// answered counts a command and its answer.
func (m *metrics) answered(cmd *command, status string) {
	m.commands.WithLabelValues(cmd.metric(), strings.ToLower(status)).Inc()
}

// took counts how long a command took. How long a client idles is its own affair.
func (m *metrics) took(cmd *command, since time.Time) {
	if cmd.name != "IDLE" {
		m.duration.WithLabelValues(cmd.metric()).Observe(time.Since(since).Seconds())
	}
}

// metric is the command's label. Only parse gives a command a verb, so a client cannot make up names.
func (cmd *command) metric() string {
	if cmd.verb.run == nil {
		return "other"
	}
	return strings.ToLower(cmd.name)
}
