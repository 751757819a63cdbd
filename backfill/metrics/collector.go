package metrics

import (
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// New makes a collector of what look gives at every scrape, and of what others have counted.
func New(look func() Snapshot, others ...prometheus.Collector) prometheus.Collector {
	return &collector{look, others}
}

type collector struct {
	look   func() Snapshot
	others []prometheus.Collector
}

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
	addSettleDescs(add)
	addAdminDescs(add)
	addHostDescs(add)
	addLoginDescs(add)
	return out
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descs() {
		ch <- d
	}
	for _, o := range c.others {
		o.Describe(ch)
	}
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
	s, v := scrape{ch, descs()}, c.look()
	s.states(&v)
	s.counter("appended_again_messages_total", float64(v.Reappended))
	s.maybe("completion_ratio", v.Ratio)
	s.maybe("eta_seconds", v.ETA)
	for i := range v.Domains {
		s.domain(&v.Domains[i])
	}
	for i := range v.Hosts {
		s.host(&v.Hosts[i], v.Time)
	}
	s.gauge("queue_folders", float64(v.Queue.Opened), "opened")
	s.gauge("queue_folders", float64(v.Queue.Background), "background")
	s.gauge("queue_oldest_opened_seconds", v.Queue.OldestOpened.Seconds())
	s.gauge("queue_oldest_look_seconds", v.Queue.OldestLook.Seconds())
	s.gauge("backfill_held", one(v.Held))
	s.gauge("memory_budget_bytes", float64(v.MemoryBudget))
	s.gauge("memory_in_flight_bytes", float64(v.MemoryInFlight))
	s.settle(&v)
	s.admin(&v)
	s.logins(&v)
	for _, o := range c.others {
		o.Collect(ch)
	}
}

// states gives how many of everything are in which state.
func (s scrape) states(v *Snapshot) {
	for state, n := range v.Accounts {
		s.gauge("accounts", float64(n), label(state))
	}
	for state, n := range v.Folders {
		s.gauge("folders", float64(n), label(state))
	}
	for _, m := range v.Messages {
		s.gauge("messages", float64(m.Count), label(m.State))
		s.gauge("message_bytes", float64(m.Bytes), label(m.State))
		s.gauge("messages_size_unknown", float64(m.Unsized), label(m.State))
	}
	for _, r := range v.Refused {
		s.gauge("quarantined_messages", float64(r.Open), r.Class, strconv.FormatBool(false))
		s.gauge("quarantined_messages", float64(r.Signed), r.Class, strconv.FormatBool(true))
	}
}

// label makes the name of a state one word.
func label(state string) string { return strings.ReplaceAll(state, " ", "_") }

func (s scrape) domain(d *Domain) {
	s.gauge("domain_accounts", float64(d.Accounts), d.Name)
	s.gauge("domain_source_messages", float64(d.Source), d.Name)
	s.gauge("domain_source_messages_done", float64(d.Done), d.Name)
	s.maybe("domain_completion_ratio", d.Ratio, d.Name)
	s.maybe("domain_eta_seconds", d.ETA, d.Name)
	s.counter("copied_messages_total", float64(d.Copied), d.Name)
	s.counter("copied_bytes_total", float64(d.CopiedBytes), d.Name)
	s.counter("matched_messages_total", float64(d.Matched), d.Name)
}
