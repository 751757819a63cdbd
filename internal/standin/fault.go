package standin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Fault makes calls of the API or of DAV fail in ways that have nothing to do with the protocol.
type Fault struct {
	Method string // "PUT"; "" is any
	Path   string // the end of the path: "user-put"
	Times  int    // how often; 0 is for ever
	Status int    // answered with some HTML; 0: the connection ends
	After  bool   // the call is done first
	Body   string // answered instead, with Status or 200
	Do     func() // run first
}

// findFault finds the first fault that fits; the caller holds the lock of the list.
func findFault(list []Fault, method, path string) *Fault {
	for i := range list {
		f := &list[i]
		if f.Times > 0 && (f.Method == "" || f.Method == method) && strings.HasSuffix(path, f.Path) {
			f.Times--
			c := *f
			return &c
		}
	}
	return nil
}

// act answers a request as the fault says; nil is none.
func (f *Fault) act(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f == nil {
		next.ServeHTTP(w, r)
		return
	}
	if f.Do != nil {
		f.Do()
	}
	if f.After {
		next.ServeHTTP(httptest.NewRecorder(), r)
	}
	switch {
	case f.Body != "":
		w.WriteHeader(max(200, f.Status))
		_, _ = io.WriteString(w, f.Body)
	case f.Status != 0:
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, "<html><body>no</body></html>")
	case f.Do == nil || f.After:
		panic(http.ErrAbortHandler)
	default:
		next.ServeHTTP(w, r)
	}
}
