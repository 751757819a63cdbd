package store

import "github.com/prometheus/client_golang/prometheus"

// Collector gives the store's metrics.
func (s *Store) Collector() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "crossfade_store_size_bytes",
		Help: "What the state's database takes on the disk."}, func() float64 { return float64(s.Size()) })
}
