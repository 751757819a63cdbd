package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
)

// metricsFile documents every metric in a table.
const metricsFile = "../../proxy/admin/METRICS.md"

// documented are the rows of the table: name, type, labels.
func documented(t *testing.T) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile(metricsFile)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][2]string{}
	row := regexp.MustCompile("(?m)^\\| `(crossfade_[a-z_]+)` \\| (gauge|counter|histogram) \\| ([^|]*) \\| ([^|]+) \\|$")
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if _, twice := out[m[1]]; twice {
			t.Errorf("%s is documented twice", m[1])
		}
		out[m[1]] = [2]string{m[2], strings.Trim(strings.ReplaceAll(m[3], "`", ""), " ")}
	}
	return out
}

// described are the metrics that a registry may give, with their labels.
func described(r prometheus.Collector) map[string]string {
	ch := make(chan *prometheus.Desc)
	go func() { r.Describe(ch); close(ch) }()
	form := regexp.MustCompile(`fqName: "([^"]+)".*constLabels: \{([^}]*)\}, variableLabels: \{([^}]*)\}`)
	out := map[string]string{}
	for d := range ch {
		m := form.FindStringSubmatch(d.String())
		labels := strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' })
		for _, l := range strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' }) {
			name, _, _ := strings.Cut(l, "=")
			labels = append(labels, name)
		}
		slices.Sort(labels)
		out[m[1]] = strings.Join(labels, ", ")
	}
	return out
}

// metricsStack is a stack that never runs, with all that has metrics.
func metricsStack(t *testing.T) *stack {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	var o stackOptions
	var err error
	if o.source, err = newDriver("source", "imap://127.0.0.1:1?tls=off", false, log); err != nil {
		t.Fatal(err)
	}
	if o.destination, err = newDriver("destination", "imap://127.0.0.1:2?tls=off", false, log); err != nil {
		t.Fatal(err)
	}
	o.state, o.log = t.TempDir(), log
	st, err := newStack(o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st.addIMAP(ln, nil, nil, crowd{})
	t.Cleanup(func() {
		if err := st.close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// TestMetricsAreDocumented: METRICS.md names every metric there is with its labels, and none that there is not.
func TestMetricsAreDocumented(t *testing.T) {
	docs, have := documented(t), described(metricsStack(t).registry())
	for name, labels := range have {
		if !strings.HasPrefix(name, "crossfade_") { // Go's and the process's own
			continue
		}
		if d, ok := docs[name]; !ok || d[1] != labels {
			t.Errorf("%s: no such row in METRICS.md: | `%s` | ... | %s | ... |", name, name, labels)
		}
		for _, forbidden := range []string{"account", "user", "folder", "name", "uid", "client"} {
			if slices.Contains(strings.Split(labels, ", "), forbidden) {
				t.Errorf("%s has the label %s, which nothing bounds", name, forbidden)
			}
		}
	}
	for name, d := range docs {
		if _, ok := have[name]; !ok {
			t.Errorf("%s is documented and does not exist", name)
		}
		if counter := strings.HasSuffix(name, "_total"); counter != (d[0] == "counter") {
			t.Errorf("%s is said to be a %s", name, d[0])
		}
	}
}

// TestMetricsOfAMove: after the demo's move the metrics say what happened, in good form, without naming anybody.
func TestMetricsOfAMove(t *testing.T) {
	t.Parallel()
	d, err := (&demoCmd{Check: true, IMAP: "127.0.0.1:0", Seed: 1}).build(t.TempDir(), std{out: io.Discard, err: io.Discard}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := d.proxy.registry()
	handler := adminHandler(d.proxy, settings{}, &net.TCPAddr{IP: net.IPv4zero, Port: 1})
	err = d.run(t.Context(), func(ctx context.Context) error {
		if err := d.check(ctx); err != nil {
			return err
		}
		for end := time.Now().Add(time.Minute); !d.proxy.engine.Status().Done && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		families, err := r.Gather()
		if err != nil {
			return err
		}
		return checkMove(t, d, families, handler)
	})
	if err != nil {
		t.Fatal(err)
	}
	if bad, err := testutil.GatherAndLint(r); err != nil || len(bad) > 0 {
		t.Errorf("%v %v", bad, err)
	}
}

func checkMove(t *testing.T, d *demo, families []*dto.MetricFamily, handler http.Handler) error {
	docs := documented(t)
	got := map[string]float64{}
	for _, f := range families {
		if doc, ok := docs[f.GetName()]; ok && !strings.EqualFold(doc[0], f.GetType().String()) {
			t.Errorf("%s is a %s, and documented as a %s", f.GetName(), f.GetType(), doc[0])
		}
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += "," + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	total := float64(d.total)
	for name, want := range map[string]float64{
		"crossfade_completion_ratio": 1, "crossfade_eta_seconds": 0, "crossfade_accounts,copied": 1, "crossfade_folders,waiting": 0,
		"crossfade_messages,copied": total, "crossfade_message_bytes,copied": float64(d.bytes), "crossfade_messages_size_unknown,copied": 0,
		"crossfade_domain_source_messages,example.test": total, "crossfade_domain_source_messages_done,example.test": total,
		"crossfade_copied_messages_total,example.test": total, "crossfade_copied_bytes_total,example.test": float64(d.bytes),
		"crossfade_queue_folders,opened": 0, "crossfade_queue_folders,background": 0, "crossfade_backfill_held": 0,
		"crossfade_memory_in_flight_bytes": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (there: %v), want %v", name, v, ok, want)
		}
	}
	for _, name := range []string{"crossfade_client_command_duration_seconds,login", "crossfade_client_commands_total,fetch,ok", "crossfade_client_logins_total,ok",
		"crossfade_upstream_command_duration_seconds,read,source,backfill", "crossfade_upstream_command_duration_seconds,append,destination,backfill",
		"crossfade_upstream_connection_wait_seconds,source,clients", "crossfade_client_connections_total", "crossfade_memory_budget_bytes"} {
		if got[name] < 1 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	for _, path := range []string{"/metrics", "/"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "alice") || strings.Contains(w.Body.String(), demoPass+`"`) {
			return fmt.Errorf("%s: %d, or it names somebody:\n%s", path, w.Code, w.Body)
		}
	}
	return nil
}
