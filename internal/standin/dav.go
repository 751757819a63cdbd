package standin

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// DAV is the CalDAV and CardDAV server at /WebDAV/, in any letter case. It is an http.Handler.
type DAV struct {
	URL string // with Start: http://127.0.0.1:port, the API's

	dir *Directory
	ids *IDS
	now func() time.Time

	live []property

	mu     sync.Mutex
	opt    DAVOptions
	homes  map[string]*davHome       // by address, in lower case
	gals   map[string]*davCollection // by domain
	clock  int                       // one tick for every change
	counts map[string]int
	broken []Fault
	sent   []Invitation
}

// NewDAV makes a server over a directory and a counter.
func NewDAV(dir *Directory, ids *IDS, o DAVOptions) *DAV {
	d := &DAV{dir: dir, ids: ids, now: ids.opt.Now, opt: o, live: properties(), homes: map[string]*davHome{}, gals: map[string]*davCollection{}, counts: map[string]int{}}
	dir.OnMade(d.furnish)
	dir.OnLanguage(d.translate)
	return d
}

// davCall is one request of somebody who was let in.
type davCall struct {
	d    *DAV
	r    *http.Request
	who  Mailbox
	body []byte
	xml  *node // the body, where the method wants XML
	at   place
}

// reply is an answer.
type reply struct {
	status int
	head   map[string]string
	body   []byte
}

// davError is an answer that says which precondition was not met (RFC 4918 16), in the namespace ns; "" says none.
type davError struct {
	status       int
	precondition string
	ns           string
}

func (e davError) Error() string { return fmt.Sprintf("%d %s", e.status, e.precondition) }

func status(code int) error { return davError{status: code} }

// verbs are the methods. Those of xml have a body of XML.
func verbs(method string) (do func(*davCall) (reply, error), xml bool) {
	switch method {
	case "OPTIONS":
		return (*davCall).options, false
	case "GET", "HEAD":
		return (*davCall).get, false
	case "PUT":
		return (*davCall).put, false
	case "DELETE":
		return (*davCall).delete, false
	case "MOVE":
		return func(c *davCall) (reply, error) { return c.move(false) }, false
	case "COPY":
		return func(c *davCall) (reply, error) { return c.move(true) }, false
	case "PROPFIND":
		return (*davCall).propfind, true
	case "PROPPATCH":
		return (*davCall).proppatch, true
	case "MKCALENDAR":
		return (*davCall).mkcalendar, true
	case "MKCOL":
		return (*davCall).mkcol, true
	case "REPORT":
		return (*davCall).report, true
	}
	return nil, false
}

const methods = "OPTIONS, GET, HEAD, PUT, DELETE, MOVE, COPY, PROPFIND, PROPPATCH, MKCALENDAR, MKCOL, REPORT"

// ServeHTTP answers a request.
func (d *DAV) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if addr := addrOf(r); addr.IsValid() {
		if _, blocked := d.ids.Allowed(addr); blocked { // as at the API, that it hangs up is a guess; defensive
			panic(http.ErrAbortHandler)
		}
	}
	d.mu.Lock()
	d.counts[r.Method]++
	f := findFault(d.broken, r.Method, r.URL.Path)
	d.mu.Unlock()
	f.act(w, r, http.HandlerFunc(d.serve))
}

func (d *DAV) serve(w http.ResponseWriter, r *http.Request) {
	out, err := d.answer(w, r)
	if err != nil {
		out = d.refusal(err)
	}
	w.Header().Set("DAV", d.classes())
	for k, v := range out.head {
		w.Header().Set(k, v)
	}
	if len(out.body) > 0 && out.head["Content-Type"] == "" {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

// answer lets somebody in, reads the whole request, and answers it with the lock held.
func (d *DAV) answer(w http.ResponseWriter, r *http.Request) (reply, error) {
	if strings.HasPrefix(r.URL.Path, "/.well-known/") {
		return d.wellKnown(r)
	}
	if seg, err := segments(r.URL); err != nil || len(seg) == 0 || !strings.EqualFold(seg[0], "webdav") {
		return reply{}, status(http.StatusNotFound)
	}
	who, err := d.login(r)
	if err != nil {
		return reply{}, err
	}
	do, wantsXML := verbs(r.Method)
	if do == nil {
		return reply{status: http.StatusMethodNotAllowed, head: map[string]string{"Allow": methods}}, nil
	}
	c := &davCall{d: d, r: r, who: who}
	limit := d.options().maxSize() + maxXML
	if wantsXML {
		limit = maxXML
	}
	if c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		return reply{}, status(http.StatusRequestEntityTooLarge)
	}
	if wantsXML {
		if c.xml, err = parseXML(c.body); err != nil {
			return reply{}, status(http.StatusBadRequest)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.at, err = c.find(r.URL); err != nil {
		return reply{}, err
	}
	return do(c)
}

// login is HTTP's Basic. A request without it is no failure: it asks what is wanted.
func (d *DAV) login(r *http.Request) (Mailbox, error) {
	name, secret, ok := r.BasicAuth()
	if !ok {
		return Mailbox{}, status(http.StatusUnauthorized)
	}
	ip := addrOf(r)
	delay, _ := d.ids.Allowed(ip)
	time.Sleep(delay)
	m, err := d.dir.Authenticate(name, secret)
	if err != nil {
		d.ids.Failed(ip)
		return Mailbox{}, status(http.StatusUnauthorized)
	}
	d.ids.Succeeded(ip, strings.ToLower(name))
	return m, nil
}

func (d *DAV) refusal(err error) reply {
	var e davError
	if !errors.As(err, &e) {
		e = davError{status: http.StatusInternalServerError}
	}
	out := reply{status: e.status}
	if e.status == http.StatusUnauthorized {
		out.head = map[string]string{"WWW-Authenticate": `Basic realm="SmarterMail"`}
	}
	if e.precondition != "" {
		out.body = document(dav("error"), element(xml.Name{Space: e.ns, Local: e.precondition}, ""))
	}
	return out
}

func (d *DAV) wellKnown(r *http.Request) (reply, error) {
	service := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/.well-known/"), "/")
	if service != "caldav" && service != "carddav" || d.options().WellKnown == WellKnown404 {
		return reply{}, status(http.StatusNotFound)
	}
	return reply{status: http.StatusMovedPermanently, head: map[string]string{"Location": "/WebDAV/"}}, nil
}

// classes are what the server says it can (RFC 4918 10.1).
func (d *DAV) classes() string {
	s := "1, 3, access-control, calendar-access, addressbook, extended-mkcol"
	if d.options().Schedules {
		s += ", calendar-auto-schedule"
	}
	return s
}

func (c *davCall) options() (reply, error) {
	return reply{status: http.StatusOK, head: map[string]string{"Allow": methods}}, nil
}

// options are the switches as they are now.
func (d *DAV) options() DAVOptions {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opt
}
