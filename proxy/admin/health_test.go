package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealth(t *testing.T) {
	ill := func() error { return errors.New("account u0@example.test: no space left") }
	for _, c := range []struct {
		name, method, path string
		healthy            func() error
		code               int
		body               string
	}{
		{"well", "GET", "/healthz", func() error { return nil }, http.StatusOK, "ok\n"},
		{"not asked", "GET", "/healthz", nil, http.StatusOK, "ok\n"},
		{"ill, and no word about whom", "GET", "/healthz", ill, http.StatusServiceUnavailable, "failing\n"},
		{"head", "HEAD", "/healthz", ill, http.StatusServiceUnavailable, "failing\n"},
		{"another page", "GET", "/", nil, http.StatusNotFound, "404 page not found\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			Handler(Options{Healthy: c.healthy}).ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
			if w.Code != c.code || w.Body.String() != c.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body.String(), c.code, c.body)
			}
		})
	}
}
