package standin

import (
	"encoding/xml"
	"net/http"
	"slices"
)

// maxLinks is how many collections a mailbox may have.
const maxLinks = 500

// mkcalendar is RFC 4791 5.3.1.
func (c *davCall) mkcalendar() (reply, error) {
	if c.xml != nil && c.xml.name != cal("mkcalendar") {
		return reply{}, status(http.StatusBadRequest)
	}
	return c.make(Calendar)
}

// mkcol is an extended MKCOL (RFC 5689). A plain one would make a folder, which nobody has.
func (c *davCall) mkcol() (reply, error) {
	if c.xml != nil && c.xml.name != dav("mkcol") {
		return reply{}, status(http.StatusUnsupportedMediaType)
	}
	for _, ch := range changesIn(c.xml, dav("resourcetype")) {
		switch {
		case ch.kid(card("addressbook")) != nil:
			return c.make(Contacts)
		case ch.kid(cal("calendar")) != nil:
			return c.make(Calendar)
		}
	}
	return reply{}, davError{http.StatusForbidden, "valid-resourcetype", nsDAV}
}

// changesIn are the elements of a property that a body sets.
func changesIn(body *node, name xml.Name) (out []*node) {
	for _, set := range body.all(dav("set")) {
		for _, prop := range set.all(dav("prop")) {
			out = append(out, prop.all(name)...)
		}
	}
	return out
}

func (c *davCall) make(kind Kind) (reply, error) {
	how := c.d.opt.MakeCalendars
	if kind == Contacts {
		how = c.d.opt.MakeBooks
	}
	switch {
	case how == Make405:
		return reply{status: http.StatusMethodNotAllowed, head: map[string]string{"Allow": methods}}, nil
	case how == Make403:
		return reply{}, davError{http.StatusForbidden, "need-privileges", nsDAV}
	case c.at.kind != atCollection || c.at.book != (kind == Contacts):
		return reply{}, davError{http.StatusForbidden, "calendar-collection-location-ok", nsCal}
	case c.at.link != nil || c.d.linkOf(c.at.home, c.at.id) != nil:
		return reply{}, davError{http.StatusMethodNotAllowed, "resource-must-be-null", nsDAV}
	case len(c.at.home.links) >= maxLinks:
		return reply{}, status(http.StatusInsufficientStorage)
	}
	comps, err := c.compsWanted(kind)
	if err != nil {
		return reply{}, err
	}
	made := map[xml.Name]string{nameDisplay: escape(c.at.id)}
	for _, ch := range changes(c.xml) {
		if ch.name == dav("resourcetype") || ch.name == cal("supported-calendar-component-set") {
			continue
		}
		if !c.d.settable(ch) || !ch.apply(made) {
			return reply{}, davError{http.StatusForbidden, "cannot-modify-protected-property", nsDAV}
		}
	}
	if slices.Equal(comps, []string{"VTODO"}) {
		kind = Tasks
	}
	l := c.d.add(c.at.home, c.at.id, kind, "", comps...)
	l.props = made
	return reply{status: http.StatusCreated}, nil
}

// compsWanted are the components that a new calendar is to hold. Tasks are kept apart, and so the two do not go together;
// who says nothing gets events.
func (c *davCall) compsWanted(kind Kind) (out []string, err error) {
	if kind == Contacts {
		return nil, nil
	}
	for _, set := range changesIn(c.xml, cal("supported-calendar-component-set")) {
		for _, comp := range set.all(cal("comp")) {
			out = append(out, comp.attr["name"])
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	taken := []string{"VEVENT", "VTODO"}
	if c.d.opt.Journals {
		taken = append(taken, "VJOURNAL")
	}
	for _, name := range out {
		if !slices.Contains(taken, name) || name == "VTODO" && len(out) > 1 {
			return nil, davError{http.StatusForbidden, "supported-calendar-component", nsCal}
		}
	}
	if len(out) == 0 {
		out = []string{"VEVENT"}
	}
	return out, nil
}
