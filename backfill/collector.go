package backfill

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/store"
)

// Collector gives the engine's metrics. They are read off counts that are kept with every change: a scrape loads no
// folder and asks no server, and none of them has an account or a folder for a label.
func (e *Engine) Collector() prometheus.Collector { return &collector{e} }

type collector struct{ e *Engine }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("crossfade_"+name, help, labels, nil)
}

// descs are the metrics that Collect gives, by name without the prefix. They are made for every scrape, which costs
// microseconds.
func descs() map[string]*prometheus.Desc {
	out := make(map[string]*prometheus.Desc)
	add := func(name, help string, labels ...string) { out[name] = desc(name, help, labels...) }
	add("accounts", "Known accounts: waiting (nothing looked at yet), moving, copied, stopped (by a problem).", "state")
	add("folders", "Folders: waiting (not looked at yet), copying, copied, destination_only, stopped (by a problem).", "state")
	add("messages", "Messages: listed (still to be copied), copying, copied, quarantined, deleted (by their users), destination_only.", "state")
	add("message_bytes", "Bytes of the messages whose size is known, by the same states.", "state")
	add("messages_size_unknown", "Messages whose size is not known yet, by the same states.", "state")
	add("quarantined_messages", "Messages that were refused, by class, and whether the administrator signed them off.", "class", "signed_off")

	add("completion_ratio", "Of the messages the source folders hold, the part that is done. Absent while it is not known.")
	add("eta_seconds", "Time until everything is copied, at the smoothed rate. Absent while it is not known.")
	add("domain_accounts", "Known accounts of a mail domain.", "domain")
	add("domain_source_messages", "Messages that the source folders of a domain's accounts hold, as far as they were listed.", "domain")
	add("domain_source_messages_done", "Those of them that are done: copied, deleted by their users since, or refused and signed off.", "domain")
	add("domain_completion_ratio", "The part of a domain that is done. Absent while it is not known.", "domain")
	add("domain_eta_seconds", "Time until a domain is copied, at its smoothed rate. Absent while it is not known.", "domain")

	add("copied_messages_total", "Messages copied since the program started.", "domain")
	add("copied_bytes_total", "Bytes of them.", "domain")
	add("matched_messages_total", "Messages found on the destination already with equal bytes, and linked instead of copied, since the program started.", "domain")

	add("appended_again_messages_total", "Messages appended again because an earlier try was given a number and was then nowhere to be found: the one exception to 'nothing doubled'. Kept in the state.")
	add("queue_folders", "Folders with something to list or copy: opened lately by a client, or in the background.", "kind")
	add("queue_oldest_opened_seconds", "How long the folder has been waiting that a client opened first and that is not copied yet; 0 if there is none.")
	add("queue_oldest_look_seconds", "How long ago the source folder was looked at that was not looked at for longest.")
	add("backfill_held", "1 while the backfill waits for 'crossfade release', else 0.")
	add("memory_budget_bytes", "Memory that message bodies in flight may take.")
	add("memory_in_flight_bytes", "Memory that message bodies in flight take now.")
	addHostDescs(add)
	return out
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descs() {
		ch <- d
	}
	c.e.mishaps.count.Describe(ch)
}

// scrape is one scrape under way.
type scrape struct {
	ch    chan<- prometheus.Metric
	descs map[string]*prometheus.Desc
}

func (s scrape) gauge(name string, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(s.descs[name], prometheus.GaugeValue, v, labels...)
}

func (s scrape) counter(name string, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(s.descs[name], prometheus.CounterValue, v, labels...)
}

// maybe leaves out what is not known.
func (s scrape) maybe(name string, v *float64, labels ...string) {
	if v != nil {
		s.gauge(name, *v, labels...)
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s, held := scrape{ch, descs()}, c.e.isHeld()
	v := c.e.survey(nil)
	s.states(v)
	s.counter("appended_again_messages_total", float64(v.total.reappended))
	total := v.total.progress(&c.e.domains.all.rate, held, v.now)
	s.maybe("completion_ratio", total.Ratio)
	s.maybe("eta_seconds", total.ETASeconds)
	for d, sums := range v.domains {
		p := sums.progress(&d.rate, held, v.now)
		s.gauge("domain_accounts", float64(sums.accounts), d.name)
		s.gauge("domain_source_messages", float64(p.Source), d.name)
		s.gauge("domain_source_messages_done", float64(p.Done), d.name)
		s.maybe("domain_completion_ratio", p.Ratio, d.name)
		s.maybe("domain_eta_seconds", p.ETASeconds, d.name)
		s.counter("copied_messages_total", float64(d.messages.Load()), d.name)
		s.counter("copied_bytes_total", float64(d.octets.Load()), d.name)
		s.counter("matched_messages_total", float64(d.matched.Load()), d.name)
	}
	for _, h := range c.e.Hosts() {
		s.host(h, v.now)
	}
	s.queue(&v.queue)
	s.gauge("backfill_held", one(held))
	s.gauge("memory_budget_bytes", float64(c.e.memory.size))
	s.gauge("memory_in_flight_bytes", float64(c.e.memory.used.Load()))
	c.e.mishaps.count.Collect(ch)
}

// states gives how many of everything are in which state, zeros included: a series that comes and goes breaks alerts.
func (s scrape) states(v *survey) {
	for _, state := range []string{stateWaiting, stateMoving, stateCopied, stateStopped} {
		s.gauge("accounts", float64(v.accounts[state]), state)
	}
	for state, n := range v.total.states {
		s.gauge("folders", float64(n), strings.ReplaceAll(folderState(state).String(), " ", "_"))
	}
	t := &v.total.tally
	for state := store.Listed; state <= store.Above; state++ {
		name := state.String()
		switch state {
		case store.Whiteout:
			name = "deleted"
		case store.Above:
			name = "destination_only"
		}
		s.gauge("messages", float64(t.states[state]), name)
		s.gauge("message_bytes", float64(t.bytes[state]), name)
		s.gauge("messages_size_unknown", float64(t.unsized[state]), name)
	}
	for c := range classes {
		s.gauge("quarantined_messages", float64(t.refused[c]-t.signed[c]), c.String(), "false")
		s.gauge("quarantined_messages", float64(t.signed[c]), c.String(), "true")
	}
}

func (s scrape) queue(q *queueSurvey) {
	s.gauge("queue_folders", float64(q.opened), "opened")
	s.gauge("queue_folders", float64(q.others), "background")
	s.gauge("queue_oldest_opened_seconds", seconds(q.oldestOpened))
	s.gauge("queue_oldest_look_seconds", seconds(q.oldestLook))
}

func seconds(d time.Duration) float64 { return d.Seconds() }
