package admin

import "net/http"

// health answers 200 and "ok", or 503 and "failing".
func (o Options) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	text := "ok\n"
	if o.Healthy != nil && o.Healthy() != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		text = "failing\n"
	}
	_, _ = w.Write([]byte(text)) // an error here means that the asker has gone
}
