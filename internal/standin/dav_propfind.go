package standin

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxProps are how many properties one may ask for, or set, at a time.
const maxProps = 500

// propfind is RFC 4918 9.1.
func (c *davCall) propfind() (reply, error) {
	if err := c.at.there(); err != nil {
		return reply{}, err
	}
	if c.xml != nil && c.xml.name != dav("propfind") {
		return reply{}, status(http.StatusBadRequest)
	}
	places := []place{c.at}
	switch c.r.Header.Get("Depth") {
	case "0":
	case "1":
		places = append(places, c.members(c.at)...)
	case "", "infinity":
		return reply{}, davError{http.StatusForbidden, "propfind-finite-depth", nsDAV}
	default:
		return reply{}, status(http.StatusBadRequest)
	}
	var b strings.Builder
	for _, p := range places {
		one, err := c.found(p, c.xml)
		if err != nil {
			return reply{}, err
		}
		b.WriteString(one)
	}
	return multistatus(b.String()), nil
}

// found is one response of a multistatus: what was asked for in a propfind element, or in a report.
func (c *davCall) found(p place, ask *node) (string, error) {
	if ask != nil && ask.kid(dav("propname")) != nil {
		var b strings.Builder
		for _, name := range c.names(p, false) {
			b.WriteString(element(name, ""))
		}
		return response(c.href(p), propstat(b.String(), http.StatusOK)), nil
	}
	want := c.names(p, true)
	if prop := ask.kid(dav("prop")); prop != nil {
		if len(prop.kids) > maxProps {
			return "", status(http.StatusBadRequest)
		}
		want = namesIn(prop)
	} else if include := ask.kid(dav("include")); include != nil {
		want = append(want, namesIn(include)...)
	}
	yes, no := c.told(p, want)
	if c.r.Header.Get("Brief") == "t" { // what is missing is not told of
		no = ""
	}
	stats := ""
	if yes != "" || no == "" {
		stats = propstat(yes, http.StatusOK)
	}
	if no != "" {
		stats += propstat(no, http.StatusNotFound)
	}
	return response(c.href(p), stats), nil
}

// namesIn are the names of an element's children, each once.
func namesIn(n *node) (out []xml.Name) {
	seen := map[xml.Name]bool{}
	for _, k := range n.kids {
		if !seen[k.name] {
			seen[k.name] = true
			out = append(out, k.name)
		}
	}
	return out
}

// names are the properties that a place has: all, or those that allprop tells.
func (c *davCall) names(p place, allprop bool) (out []xml.Name) {
	for _, l := range c.d.live {
		if _, ok := l.tell(c, p); ok && (l.all || !allprop) && !slices.Contains(nameData, l.name) {
			out = append(out, l.name)
		}
	}
	if p.kind == atCollection {
		for _, name := range slices.SortedFunc(maps.Keys(p.link.props), func(a, b xml.Name) int { return strings.Compare(a.Space+a.Local, b.Space+b.Local) }) {
			if name != nameDisplay {
				out = append(out, name)
			}
		}
	}
	return out
}

func propstat(props string, code int) string {
	return element(dav("propstat"), element(dav("prop"), props)+statusLine(code))
}

func statusLine(code int) string {
	return element(dav("status"), fmt.Sprintf("HTTP/1.1 %d %s", code, http.StatusText(code)))
}

func response(href, inner string) string {
	return element(dav("response"), element(dav("href"), escape(href))+inner)
}

func multistatus(inner string) reply {
	return reply{status: http.StatusMultiStatus, body: document(dav("multistatus"), inner)}
}
