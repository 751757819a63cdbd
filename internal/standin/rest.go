package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// API is the REST API at /api/v1/. It is an http.Handler; StartAPI gives it an address.
type API struct {
	URL  string // with StartAPI: http://127.0.0.1:port
	Stop func() // likewise: nothing listens there any more

	dir *Directory
	ids *IDS
	opt APIOptions
	now func() time.Time
	mux *http.ServeMux
	dav *DAV // nil: it knows of no calendars and no contacts

	mu       sync.Mutex
	admins   map[string]Admin
	tokens   map[string]*token
	sessions map[string]*session // user, client ID
	counts   map[string]int
	notes    map[string][]map[string]any // by owner
	tasks    map[string][]map[string]any
	serial   int
	broken   []Fault
}

// Admin is a system administrator, who has no mailbox.
type Admin struct {
	Name, Password string
	TwoFactor      bool // a login ends half way
	ChangePassword bool // likewise
}

// NewAPI makes an API over a directory and a counter.
func NewAPI(dir *Directory, ids *IDS, o APIOptions) *API {
	a := &API{dir: dir, ids: ids, opt: o.orDefaults(), now: ids.opt.Now, mux: http.NewServeMux(), admins: map[string]Admin{}, tokens: map[string]*token{},
		sessions: map[string]*session{}, counts: map[string]int{}, notes: map[string][]map[string]any{}, tasks: map[string][]map[string]any{}}
	a.routes()
	return a
}

// StartAPI starts the API on loopback; it ends with the test.
func StartAPI(t testing.TB, dir *Directory, ids *IDS, o APIOptions) *API {
	t.Helper()
	a := NewAPI(dir, ids, o)
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	a.URL, a.Stop = s.URL, s.Close
	return a
}

// AddAdmin adds or replaces a system administrator.
func (a *API) AddAdmin(ad Admin) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.admins[strings.ToLower(ad.Name)] = ad
}

// Break adds a fault. The first that fits a call acts.
func (a *API) Break(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1 << 30
	}
	a.broken = append(a.broken, f)
}

// Set changes the switches of a running API.
func (a *API) Set(change func(*APIOptions)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.opt)
	a.opt = a.opt.orDefaults()
}

// Count tells how often a call came, by the end of its path: "auth/authenticate-user".
func (a *API) Count(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for p, c := range a.counts {
		if strings.HasSuffix(p, path) {
			n += c
		}
	}
	return n
}

// options are the switches as they are now.
func (a *API) options() APIOptions {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.opt
}

// call is one request. body is the JSON object that came with it.
type call struct {
	a    *API
	r    *http.Request
	raw  []byte
	body map[string]json.RawMessage
	tok  *token
}

// refused is an answer with success:false.
type refused struct {
	status  int
	message string
}

func (e refused) Error() string { return e.message }

// ServeHTTP answers a call.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	if addr := addrOf(r); addr.IsValid() {
		if _, blocked := a.ids.Allowed(addr); blocked { // that the web server just hangs up is a guess; defensive
			panic(http.ErrAbortHandler)
		}
	}
	a.mu.Lock()
	a.counts[path]++
	f := findFault(a.broken, r.Method, path)
	a.mu.Unlock()
	f.act(w, r, a.mux)
}

// level is who may make a call.
type level int

const (
	anyone level = iota
	user         // any token of a user
	domain       // a token that acts on a domain
	system
)

// handle adds a call.
func (a *API) handle(pattern string, who level, do func(*call) (map[string]any, error)) {
	method, path, _ := strings.Cut(pattern, " ")
	a.mux.HandleFunc(method+" /api/v1/"+path, func(w http.ResponseWriter, r *http.Request) {
		c := &call{a: a, r: r}
		out, err := c.run(who, do)
		status := http.StatusOK
		var no refused
		if errors.As(err, &no) {
			status, out = no.status, map[string]any{"success": false, "message": no.message}
			if a.options().Echo {
				out["message"] = no.message + " " + string(c.raw) + " " + r.Header.Get("Authorization")
			}
		} else if err != nil {
			out = map[string]any{"success": false, "message": err.Error()}
		} else if out["bare"] == nil {
			out["success"] = true
		}
		delete(out, "bare")
		if out["resultCode"] == nil && out["success"] != nil {
			out["resultCode"] = status
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out)
	})
}

func (c *call) run(who level, do func(*call) (map[string]any, error)) (map[string]any, error) {
	var err error
	if c.raw, err = io.ReadAll(io.LimitReader(c.r.Body, 1<<20)); err != nil {
		return nil, err
	}
	if len(c.raw) > 0 && c.raw[0] == '{' {
		if err := json.Unmarshal(c.raw, &c.body); err != nil {
			return nil, refused{400, "BAD_REQUEST"}
		}
	}
	if who != anyone {
		if err := c.authorize(who); err != nil {
			return nil, err
		}
	}
	return do(c)
}

// text is a string of the body; "" if it is not there.
func (c *call) text(name string) string {
	var s string
	_ = json.Unmarshal(c.body[name], &s) // what is no string is none
	return s
}

// Server is the whole stand-in.
type Server struct {
	Directory *Directory
	IDS       *IDS
	Gate      *Gate
	API       *API
	DAV       *DAV
	IMAP      *IMAP
}

// Start starts a stand-in that ends with the test. Its system administrator is "admin" with the password "admin-secret".
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Directory: NewDirectory(), IDS: NewIDS(o.IDS)}
	s.Gate = &Gate{IDS: s.IDS}
	s.Gate.TCPProxy.Store(o.TCPProxy)
	s.Directory.locale = o.Locale
	s.IMAP = StartIMAP(t, s.Directory, s.Gate, o.IMAP)
	s.API, s.DAV = NewAPI(s.Directory, s.IDS, o.API), NewDAV(s.Directory, s.IDS, o.DAV)
	s.API.dav = s.DAV
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.API.URL, s.API.Stop, s.DAV.URL = web.URL, web.Close, web.URL
	s.API.AddAdmin(Admin{Name: "admin", Password: "admin-secret"})
	return s
}

// ServeHTTP is the web server: the API, and DAV beside it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/v1/") {
		s.API.ServeHTTP(w, r)
		return
	}
	s.DAV.ServeHTTP(w, r)
}

// String keeps secrets out of test logs.
func (ad Admin) String() string { return fmt.Sprintf("admin %s", ad.Name) }
