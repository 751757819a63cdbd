package standin

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// report is RFC 3253 3.6. Not there are free-busy-query, and calendar-data with expand or with only some of the properties:
// an object is told whole.
func (c *davCall) report() (reply, error) {
	if err := c.at.there(); err != nil {
		return reply{}, err
	}
	if c.xml == nil {
		return reply{}, status(http.StatusBadRequest)
	}
	if prop := c.xml.kid(dav("prop")); prop != nil && len(prop.kids) > maxProps {
		return reply{}, status(http.StatusBadRequest)
	}
	book := c.at.kind == atCollection && c.at.link.kind == Contacts
	switch is := c.at.kind == atCollection; {
	case is && !book && c.xml.name == cal("calendar-query"), is && book && c.xml.name == card("addressbook-query"):
		return c.query()
	case !book && c.xml.name == cal("calendar-multiget"), (book || c.at.book) && c.xml.name == card("addressbook-multiget"):
		return c.multiget()
	case is && c.xml.name == dav("sync-collection") && !c.d.opt.NoSyncToken:
		return c.sync()
	}
	return reply{}, davError{http.StatusForbidden, "supported-report", nsDAV}
}

// limit is how many results a client wants; 0 is all.
func limit(n *node) int {
	if n == nil {
		return 0
	}
	for _, k := range n.kids {
		if k.name.Local == "nresults" {
			v, _ := strconv.Atoi(strings.TrimSpace(k.text)) // what is no number is no limit
			return max(0, v)
		}
	}
	return 0
}

// tooMany says that there is more than was told (RFC 6352 8.6.2, RFC 6578 3.6).
func (c *davCall) tooMany() string {
	return response(c.href(c.at), statusLine(http.StatusInsufficientStorage)+element(dav("error"), element(dav("number-of-matches-within-limits"), "")))
}

func (c *davCall) query() (reply, error) {
	filter := c.xml.kid(xml.Name{Space: c.xml.name.Space, Local: "filter"})
	most := limit(c.xml.kid(card("limit")))
	var b strings.Builder
	n := 0
	for _, o := range c.at.link.list() {
		ok, err := o.item.matches(filter)
		if err != nil {
			return reply{}, err
		}
		if !ok {
			continue
		}
		if n++; most > 0 && n > most {
			b.WriteString(c.tooMany())
			break
		}
		one, err := c.found(c.at.object(o), c.xml)
		if err != nil {
			return reply{}, err
		}
		b.WriteString(one)
	}
	return multistatus(b.String()), nil
}

// multiget tells of objects by their hrefs; of one that is not there it says so.
func (c *davCall) multiget() (reply, error) {
	var b strings.Builder
	for _, h := range c.xml.all(dav("href")) {
		href := strings.TrimSpace(h.text)
		u, err := url.Parse(href)
		var at place
		if err == nil {
			at, err = c.find(u)
		}
		if err != nil || at.kind != atObject || at.obj == nil || at.book != c.at.book || c.at.kind == atCollection && at.link != c.at.link && at.id != c.at.id {
			b.WriteString(response(href, statusLine(http.StatusNotFound)))
			continue
		}
		one, err := c.found(at, c.xml)
		if err != nil {
			return reply{}, err
		}
		b.WriteString(one)
	}
	return multistatus(b.String()), nil
}

// sync tells what changed since a token, oldest first (RFC 6578 3.2).
func (c *davCall) sync() (reply, error) {
	since, err := c.since()
	if err != nil {
		return reply{}, err
	}
	type news struct {
		name string
		rev  int
		obj  *davObject // nil: it is gone
	}
	var list []news
	for _, o := range c.at.link.objects {
		if o.rev > since {
			list = append(list, news{o.name, o.rev, o})
		}
	}
	for _, g := range c.at.link.gone {
		if g.rev > since && since > 0 {
			list = append(list, news{g.name, g.rev, nil})
		}
	}
	slices.SortFunc(list, func(a, b news) int { return a.rev - b.rev })
	token, more := c.at.link.rev, ""
	if most := limit(c.xml.kid(dav("limit"))); most > 0 && len(list) > most {
		list = list[:most]
		token, more = list[most-1].rev, c.tooMany()
	}
	var b strings.Builder
	for _, n := range list {
		if n.obj == nil {
			at := c.at
			at.kind, at.name = atObject, n.name
			b.WriteString(response(c.href(at), statusLine(http.StatusNotFound)))
			continue
		}
		one, err := c.found(c.at.object(n.obj), c.xml)
		if err != nil {
			return reply{}, err
		}
		b.WriteString(one)
	}
	return multistatus(b.String() + more + element(nameToken, tokenAt(c.at.link.davCollection, token))), nil
}

// since reads the token of a sync-collection: 0 is the beginning.
func (c *davCall) since() (int, error) {
	refused := davError{http.StatusForbidden, "valid-sync-token", nsDAV}
	t := c.xml.kid(nameToken)
	if t == nil || strings.TrimSpace(t.text) == "" {
		return 0, nil
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(t.text), strings.TrimSuffix(tokenAt(c.at.link.davCollection, 0), "0"))
	rev, err := strconv.Atoi(rest)
	if !ok || err != nil || rev <= 0 || rev < c.at.link.floor || rev > c.at.link.rev {
		return 0, refused
	}
	return rev, nil
}
