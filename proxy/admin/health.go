package admin

import (
	"net/http"
)

// Options of the handler.
type Options struct {
	// Healthy returns nil as long as the proxy can do its work. The error's text is not shown. Nil: always well.
	Healthy func() error
}

// Handler answers GET /healthz: 200 and "ok", or 503 and "failing".
func Handler(opts Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		text := "ok\n"
		if opts.Healthy != nil && opts.Healthy() != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			text = "failing\n"
		}
		_, _ = w.Write([]byte(text)) // an error here means that the asker has gone
	})
	return mux
}
