package metrics

import (
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/backfill/pace"
)

// gathered are the series of a snapshot, as "name{labels} value".
func gathered(t *testing.T, v Snapshot, others ...prometheus.Collector) map[string]float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry() // complains of what Collect gives and Describe does not
	r.MustRegister(New(func() Snapshot { return v }, others...))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			sort.Strings(labels)
			v := m.GetGauge().GetValue()
			if m.GetCounter() != nil {
				v = m.GetCounter().GetValue()
			}
			out[strings.TrimPrefix(f.GetName(), "crossfade_")+"{"+strings.Join(labels, ",")+"}"] = v
		}
	}
	return out
}

// TestSnapshotShows: what a snapshot holds is there under its name, and what is not known is not there at all.
func TestSnapshotShows(t *testing.T) {
	now, half := time.Unix(1_700_000_000, 0), 0.5
	until := now.Add(30 * time.Second)
	errs := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "crossfade_errors_total", Help: "x"}, []string{"cause"})
	errs.WithLabelValues("cut").Add(4)
	got := gathered(t, Snapshot{
		Time: now, Held: true, Accounts: map[string]int{"waiting": 0, "moving": 3}, Folders: map[string]int{"destination only": 7},
		Messages:   []Messages{{"listed", 5, 100, 2}, {"destination only", 1, 0, 1}},
		Refused:    []Refused{{"too_big", 3, 1}},
		Reappended: 6, Ratio: &half,
		Domains:  []Domain{{Name: "x.test", Accounts: 2, Source: 10, Done: 5, Ratio: &half, Copied: 4, CopiedBytes: 400, Matched: 1}},
		Hosts:    []pace.Stats{{Side: "source", Host: "old\xff", Connections: 3, PausedUntil: &until}},
		Queue:    Queue{Opened: 1, Background: 2, OldestOpened: time.Minute, OldestLook: time.Hour},
		Rebuilds: 2, Paused: map[string]int{"all": 1, "account": 0, "folder": 4}, Asking: map[string]int{"account": 1, "folder": 3},
		Asked:        &Asked{At: now, Conditions: map[string]bool{"in flight": true, "held": false}},
		MemoryBudget: 256, MemoryInFlight: 64,
	}, errs)
	for series, want := range map[string]float64{
		"accounts{state=waiting}": 0, "accounts{state=moving}": 3, "folders{state=destination_only}": 7,
		"messages{state=listed}": 5, "message_bytes{state=listed}": 100, "messages_size_unknown{state=listed}": 2, "messages{state=destination_only}": 1,
		"quarantined_messages{class=too_big,signed_off=false}": 3, "quarantined_messages{class=too_big,signed_off=true}": 1,
		"appended_again_messages_total{}": 6, "completion_ratio{}": 0.5, "domain_completion_ratio{domain=x.test}": 0.5,
		"domain_source_messages{domain=x.test}": 10, "domain_source_messages_done{domain=x.test}": 5, "domain_accounts{domain=x.test}": 2,
		"copied_messages_total{domain=x.test}": 4, "copied_bytes_total{domain=x.test}": 400, "matched_messages_total{domain=x.test}": 1,
		"host_connections{host=old\ufffd,side=source}": 3, "host_backoff_seconds{host=old\ufffd,side=source}": 30,
		"queue_folders{kind=opened}": 1, "queue_folders{kind=background}": 2, "queue_oldest_opened_seconds{}": 60, "queue_oldest_look_seconds{}": 3600,
		"rebuild_accounts{}": 2, "pauses{kind=all}": 1, "pauses{kind=account}": 0, "pauses{kind=folder}": 4, "questions{kind=account}": 1, "questions{kind=folder}": 3,
		"finish_asked_timestamp_seconds{}": 1_700_000_000, "finish_condition_ok{condition=in_flight}": 1, "finish_condition_ok{condition=held}": 0,
		"backfill_held{}": 1, "memory_budget_bytes{}": 256, "memory_in_flight_bytes{}": 64, "errors_total{cause=cut}": 4,
	} {
		if v, ok := got[series]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", series, v, ok, want)
		}
	}
	for _, absent := range []string{"eta_seconds{}", "domain_eta_seconds{domain=x.test}", "host_connection_limit{host=old\ufffd,kind=found,side=source}"} {
		if v, ok := got[absent]; ok {
			t.Errorf("%s is %v although nobody knows", absent, v)
		}
	}
}

// TestNeverAsked: nothing is said of the gate's conditions before it was asked.
func TestNeverAsked(t *testing.T) {
	for series := range gathered(t, Snapshot{}) {
		if strings.HasPrefix(series, "finish_") {
			t.Errorf("%s, and nobody asked", series)
		}
	}
}
