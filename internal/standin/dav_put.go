package standin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// holds tells whether an If-Match or If-None-Match names an ETag.
func holds(list, etag string) bool {
	for _, e := range strings.Split(list, ",") {
		if e = strings.TrimPrefix(strings.TrimSpace(e), "W/"); e == "*" || e == etag {
			return true
		}
	}
	return false
}

// conditions are If-Match and If-None-Match (RFC 9110 13.1).
func (c *davCall) conditions(o *davObject) error {
	match, none := c.r.Header.Get("If-Match"), c.r.Header.Get("If-None-Match")
	if match != "" && (o == nil || !holds(match, o.etag())) || none != "" && o != nil && holds(none, o.etag()) {
		return status(http.StatusPreconditionFailed)
	}
	return nil
}

// writable refuses objects where none can be.
func (p place) writable() error {
	switch {
	case p.kind != atObject:
		return davError{http.StatusForbidden, "calendar-collection-location-ok", nsCal}
	case p.link == nil:
		return status(http.StatusConflict)
	case p.link.readOnly:
		return davError{http.StatusForbidden, "need-privileges", nsDAV}
	}
	return nil
}

// put keeps an object (RFC 4791 5.3.2, RFC 6352 6.3.2).
func (c *davCall) put() (reply, error) {
	if err := c.at.writable(); err != nil {
		return reply{}, err
	}
	if err := c.conditions(c.at.obj); err != nil {
		return reply{}, err
	}
	it, err := c.accept(c.at, c.body, c.at.obj)
	if err != nil {
		return reply{}, err
	}
	if c.at.obj != nil && c.at.obj.uid != it.uid {
		return reply{}, davError{http.StatusForbidden, "no-uid-conflict", c.at.ns()}
	}
	body, name, out := c.body, c.at.name, reply{status: http.StatusNoContent, head: map[string]string{}}
	if c.d.opt.Rewrite {
		body = it.rewritten(c.at.link.kind, body)
	}
	if c.at.obj == nil {
		out.status = http.StatusCreated
		if c.d.opt.Hrefs != HrefsKept {
			name = fmt.Sprintf("sm%d%s", c.d.clock+1, map[bool]string{true: ".vcf", false: ".ics"}[c.at.book])
		}
	}
	c.d.schedule(c.at.link, c.at.obj, it)
	o := c.d.store(c.at.link.davCollection, name, it, body)
	if !c.d.opt.NoETag {
		out.head["ETag"] = o.etag()
	}
	if c.d.opt.Hrefs == HrefsTold && out.status == http.StatusCreated {
		out.head["Location"] = c.href(c.at.object(o))
	}
	return out, nil
}

// ns is the namespace of a place's preconditions.
func (p place) ns() string {
	if p.book {
		return nsCard
	}
	return nsCal
}

// accept reads an object that is to stand at a place, and says why it may not. The objects except are on their way out.
func (c *davCall) accept(p place, body []byte, except ...*davObject) (*davItem, error) {
	data, rules := "valid-calendar-data", "valid-calendar-object-resource"
	if p.book {
		data, rules = "valid-address-data", "valid-address-data"
	}
	if int64(len(body)) > c.d.opt.maxSize() {
		return nil, davError{http.StatusForbidden, "max-resource-size", p.ns()}
	}
	it, err := readItem(p.link.kind, body, c.d.opt.Strict)
	switch {
	case errors.Is(err, errRules):
		return nil, davError{http.StatusForbidden, rules, p.ns()}
	case err != nil:
		return nil, davError{http.StatusForbidden, data, p.ns()}
	case !p.book && !slices.Contains(p.link.comps, it.comp):
		return nil, davError{http.StatusForbidden, "supported-calendar-component", p.ns()}
	}
	return it, c.conflict(p, it.uid, except)
}

// conflict refuses a UID that is there already.
func (c *davCall) conflict(p place, uid string, except []*davObject) error {
	scope, code := []*davLink{p.link}, http.StatusConflict
	switch c.d.opt.Conflict {
	case ConflictNone:
		return nil
	case ConflictMailbox:
		scope, code = p.home.links, http.StatusForbidden
	}
	for _, l := range scope {
		if (l.kind == Contacts) != p.book || l.shared && l != p.link {
			continue
		}
		for _, o := range l.objects {
			if o.uid == uid && uid != "" && !slices.Contains(except, o) {
				return davError{code, "no-uid-conflict", p.ns()}
			}
		}
	}
	return nil
}
