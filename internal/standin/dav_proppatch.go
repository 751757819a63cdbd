package standin

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Bounds of what is kept of clients' properties, per collection.
const (
	maxKept      = 50
	maxKeptBytes = 64 << 10 // each
)

// change is one property that is set, or removed.
type change struct {
	name   xml.Name
	value  string
	remove bool
}

// changes are those of a propertyupdate, a mkcol or a mkcalendar, in order.
func changes(n *node) (out []change) {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name != dav("set") && k.name != dav("remove") {
			continue
		}
		for _, prop := range k.all(dav("prop")) {
			for _, p := range prop.kids {
				out = append(out, change{p.name, p.inner(), k.name == dav("remove")})
			}
		}
	}
	return out
}

// proppatch is RFC 4918 9.2: all of it, or nothing.
func (c *davCall) proppatch() (reply, error) {
	if err := c.at.there(); err != nil {
		return reply{}, err
	}
	if c.xml == nil || c.xml.name != dav("propertyupdate") {
		return reply{}, status(http.StatusBadRequest)
	}
	list := changes(c.xml)
	if len(list) == 0 || len(list) > maxProps {
		return reply{}, status(http.StatusBadRequest)
	}
	var props map[xml.Name]string
	open := c.at.kind == atCollection && !c.at.link.shared
	if open {
		props = maps.Clone(c.at.link.props)
	}
	bad := map[xml.Name]bool{}
	for _, ch := range list {
		if !open || !c.d.settable(ch) || !ch.apply(props) {
			bad[ch.name] = true
		}
	}
	var yes, no strings.Builder
	for _, ch := range list {
		if bad[ch.name] {
			no.WriteString(element(ch.name, ""))
		} else {
			yes.WriteString(element(ch.name, ""))
		}
	}
	if len(bad) > 0 {
		stats := propstat(no.String(), http.StatusForbidden)
		if yes.Len() > 0 {
			stats += propstat(yes.String(), http.StatusFailedDependency)
		}
		return multistatus(response(c.href(c.at), stats)), nil
	}
	c.at.link.props = props
	c.d.clock++
	c.at.link.rev = c.d.clock
	return multistatus(response(c.href(c.at), propstat(yes.String(), http.StatusOK))), nil
}

// settable tells whether clients may set a property: those that the server computes they may not.
func (d *DAV) settable(ch change) bool {
	live := slices.ContainsFunc(d.live, func(l property) bool { return l.name == ch.name })
	return ch.name == nameDisplay && !ch.remove || !live
}

// apply changes properties; false if that would be too much.
func (ch change) apply(props map[xml.Name]string) bool {
	if ch.remove {
		delete(props, ch.name)
		return true
	}
	if _, there := props[ch.name]; len(ch.value) > maxKeptBytes || !there && len(props) >= maxKept {
		return false
	}
	props[ch.name] = ch.value
	return true
}
