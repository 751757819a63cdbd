package standin

import (
	"net/http"
	"net/url"
	"strings"
)

// placeKind is what stands at a path.
type placeKind int

// Kinds of places. The stated ones are the root, /WebDAV/, and principals, /webdav/principals/<domain>/<user>/; where
// collections are is a guess. Defensive: a client must ask.
const (
	atRoot placeKind = iota
	atPrincipal
	atCalendars // the home set
	atBooks
	atCollection
	atObject
)

// place is what a path leads to.
type place struct {
	kind placeKind
	home *davHome
	link *davLink   // of a collection or an object; nil if there is none of that id
	id   string     // that the path says
	book bool       // the path is one of address books
	name string     // of an object, as the path says
	obj  *davObject // nil if there is none
}

// segments are the parts of a path. A "/" within one is escaped.
func segments(u *url.URL) ([]string, error) {
	var out []string
	for _, s := range strings.Split(u.EscapedPath(), "/") {
		if s == "" {
			continue
		}
		p, err := url.PathUnescape(s)
		if err != nil || p == "." || p == ".." || strings.ContainsRune(p, 0) || len(p) > 512 {
			return nil, status(http.StatusBadRequest)
		}
		out = append(out, p)
	}
	return out, nil
}

// find is where a path leads. Letter case does not count: it does not in the parts that are stated, and the rest is the same
// server's. What is somebody else's is forbidden.
func (c *davCall) find(u *url.URL) (place, error) {
	seg, err := segments(u)
	switch {
	case err != nil:
		return place{}, err
	case len(seg) == 0 || len(seg) > 6 || !strings.EqualFold(seg[0], "webdav"):
		return place{}, status(http.StatusNotFound)
	case c.d.homes[strings.ToLower(c.who.Email)] == nil: // it is being made just now
		return place{}, status(http.StatusServiceUnavailable)
	case len(seg) == 1:
		return place{kind: atRoot, home: c.d.homes[strings.ToLower(c.who.Email)]}, nil
	}
	kind, ok := map[string]placeKind{"principals": atPrincipal, "calendars": atCalendars, "addressbooks": atBooks}[strings.ToLower(seg[1])]
	if !ok || len(seg) < 4 || kind == atPrincipal && len(seg) > 4 {
		return place{}, status(http.StatusNotFound)
	}
	owner := strings.ToLower(seg[3] + "@" + seg[2])
	at := place{kind: kind, home: c.d.homes[owner]}
	if at.home == nil || owner != strings.ToLower(c.who.Email) {
		return place{}, davError{http.StatusForbidden, "need-privileges", nsDAV}
	}
	if len(seg) == 4 {
		return at, nil
	}
	at.kind, at.id, at.book = atCollection, seg[4], kind == atBooks
	if l := c.d.linkOf(at.home, seg[4]); l != nil && (l.kind == Contacts) == (kind == atBooks) {
		at.link = l
	}
	if len(seg) == 6 {
		at.kind, at.name = atObject, seg[5]
		if at.link != nil {
			at.obj = at.link.objects[strings.ToLower(seg[5])]
		}
	}
	return at, nil
}

// there refuses a place where nothing is.
func (p place) there() error {
	if p.kind == atCollection && p.link == nil || p.kind == atObject && p.obj == nil {
		return status(http.StatusNotFound)
	}
	return nil
}

// href is the path of a place, or its URL where answers have those.
func (c *davCall) href(p place) string {
	local, domain, _ := strings.Cut(strings.ToLower(p.home.email), "@")
	own := url.PathEscape(domain) + "/" + url.PathEscape(local) + "/"
	path := "/webdav/"
	switch p.kind {
	case atPrincipal:
		path += "principals/" + own
	case atCalendars:
		path += "calendars/" + own
	case atBooks:
		path += "addressbooks/" + own
	case atCollection, atObject:
		path += map[bool]string{true: "addressbooks/", false: "calendars/"}[p.book] + own + url.PathEscape(p.id) + "/"
	}
	if p.kind == atObject {
		path += url.PathEscape(p.name)
	}
	if c.d.opt.AbsoluteHrefs {
		scheme := "http"
		if c.r.TLS != nil {
			scheme = "https"
		}
		return scheme + "://" + c.r.Host + path
	}
	return path
}

// to is another place in the same home.
func (p place) to(kind placeKind) place { return place{kind: kind, home: p.home} }

// collection is the place of a collection of the same home, object of an object in it.
func (p place) collection(l *davLink) place {
	return place{kind: atCollection, home: p.home, link: l, id: l.id, book: l.kind == Contacts}
}

func (p place) object(o *davObject) place {
	return place{kind: atObject, home: p.home, link: p.link, id: p.link.id, book: p.book, name: o.name, obj: o}
}

// members are the places one level below (Depth: 1).
func (c *davCall) members(p place) (out []place) {
	switch p.kind {
	case atRoot:
		return []place{p.to(atPrincipal)}
	case atCalendars, atBooks:
		for _, l := range c.d.linksOf(p.home) {
			if (l.kind == Contacts) == (p.kind == atBooks) {
				out = append(out, p.collection(l))
			}
		}
	case atCollection:
		for _, o := range p.link.list() {
			out = append(out, p.object(o))
		}
	}
	return out
}
