package main

import (
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"crossfade/proxy/admin"
)

// measured is what has metrics.
type measured interface{ Collector() prometheus.Collector }

// registry registers what every part of the stack measures. A name that is given twice is an error in the program,
// which the tests would find.
func (s *stack) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(), s.engine.Collector(), s.store.Collector())
	for side, driver := range map[string]any{"source": s.source, "destination": s.destination} {
		if m, ok := driver.(measured); ok {
			prometheus.WrapRegistererWith(prometheus.Labels{"side": side}, r).MustRegister(m.Collector())
		}
	}
	if s.imap != nil {
		r.MustRegister(s.imap.Collector())
	}
	return r
}

// buildInfo is the gauge by which dashboards tell versions apart.
func buildInfo() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "crossfade_build_info", Help: "1, with the version as a label.",
		ConstLabels: prometheus.Labels{"version": versionText(), "goversion": runtime.Version()}}, func() float64 { return 1 })
}

// adminHandler is what --admin serves.
func adminHandler(st *stack, s settings, addr net.Addr) http.Handler {
	names := admin.NamesFor(addr)
	if s.AdminNames {
		names = admin.NamesAlways
	}
	return admin.Handler(admin.Options{Healthy: st.healthy, Metrics: metricsHandler(st.registry()),
		Overview: st.engine.Overview, Version: versionText(), Names: names})
}

// metricsHandler answers scrapes, a few at a time.
func metricsHandler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 20 * time.Second, EnableOpenMetrics: true})
}
