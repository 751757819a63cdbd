package standin

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var (
	nameDisplay = dav("displayname")
	nameToken   = dav("sync-token")
	nameCTag    = xml.Name{Space: nsServ, Local: "getctag"}
	nameData    = []xml.Name{cal("calendar-data"), card("address-data")}
)

// property tells the value of a live property at a place, as XML; false if the place has none.
type property struct {
	name xml.Name
	all  bool // allprop tells it (RFC 4918 14.2: what RFC 4918 itself defines)
	tell func(c *davCall, p place) (string, bool)
}

// properties are all live ones. What clients may set stands with the collection, and is in none of them.
func properties() []property {
	href := func(c *davCall, p place) string { return element(dav("href"), escape(c.href(p))) }
	to := func(kind placeKind) func(*davCall, place) (string, bool) {
		return func(c *davCall, p place) (string, bool) { return href(c, p.to(kind)), true }
	}
	principal := func(tell func(c *davCall, p place) string) func(*davCall, place) (string, bool) {
		return func(c *davCall, p place) (string, bool) { return tell(c, p), p.kind == atPrincipal || p.kind == atRoot }
	}
	list := []property{
		{dav("resourcetype"), true, func(_ *davCall, p place) (string, bool) { return p.resourceType(), true }},
		{nameDisplay, true, (*davCall).displayName},
		{dav("current-user-principal"), false, to(atPrincipal)},
		{dav("principal-collection-set"), false, func(c *davCall, p place) (string, bool) { return href(c, p.to(atRoot)), true }},
		{dav("principal-URL"), false, principal(func(c *davCall, p place) string { return href(c, p.to(atPrincipal)) })},
		{dav("owner"), false, func(c *davCall, p place) (string, bool) {
			if p.link != nil && c.d.homes[p.link.owner] != nil {
				return href(c, place{kind: atPrincipal, home: c.d.homes[p.link.owner]}), true
			}
			return href(c, p.to(atPrincipal)), p.link == nil
		}},
		{dav("current-user-privilege-set"), false, func(_ *davCall, p place) (string, bool) { return p.privileges(), true }},
		{cal("calendar-home-set"), false, principal(func(c *davCall, p place) string { return href(c, p.to(atCalendars)) })},
		{card("addressbook-home-set"), false, principal(func(c *davCall, p place) string { return href(c, p.to(atBooks)) })},
		{cal("calendar-user-address-set"), false, principal(func(c *davCall, p place) string {
			return element(dav("href"), escape("mailto:"+p.home.email)) + href(c, p.to(atPrincipal))
		})},
		{cal("calendar-user-type"), false, principal(func(*davCall, place) string { return "INDIVIDUAL" })},
		{dav("supported-report-set"), false, (*davCall).reports},
		{cal("supported-calendar-component-set"), false, func(_ *davCall, p place) (string, bool) {
			return comps(p), p.kind == atCollection && p.link.kind != Contacts
		}},
		{cal("supported-calendar-data"), false, func(_ *davCall, p place) (string, bool) {
			return `<C:calendar-data content-type="text/calendar" version="2.0"/>`, p.kind == atCollection && p.link.kind != Contacts
		}},
		{card("supported-address-data"), false, func(_ *davCall, p place) (string, bool) {
			return `<A:address-data-type content-type="text/vcard" version="3.0"/><A:address-data-type content-type="text/vcard" version="4.0"/>`,
				p.kind == atCollection && p.link.kind == Contacts
		}},
		{nameToken, false, func(c *davCall, p place) (string, bool) {
			return c.token(p), p.kind == atCollection && !c.d.opt.NoSyncToken
		}},
		{nameCTag, false, func(c *davCall, p place) (string, bool) {
			return escape(c.ctag(p)), p.kind == atCollection && !c.d.opt.NoCTag
		}},
	}
	for _, ns := range []string{nsCal, nsCard} {
		list = append(list, property{xml.Name{Space: ns, Local: "max-resource-size"}, false, func(c *davCall, p place) (string, bool) {
			return strconv.FormatInt(c.d.opt.maxSize(), 10), p.kind == atCollection && (p.link.kind == Contacts) == (ns == nsCard)
		}})
	}
	object := func(name xml.Name, all bool, tell func(*davObject) string) {
		list = append(list, property{name, all, func(_ *davCall, p place) (string, bool) {
			if p.kind != atObject {
				return "", false
			}
			return escape(tell(p.obj)), true
		}})
	}
	object(dav("getetag"), true, (*davObject).etag)
	object(dav("getcontenttype"), true, (*davObject).contentType)
	object(dav("getcontentlength"), true, func(o *davObject) string { return strconv.Itoa(len(o.body)) })
	object(dav("getlastmodified"), true, func(o *davObject) string { return o.changed.UTC().Format(http.TimeFormat) })
	object(cal("calendar-data"), false, func(o *davObject) string { return string(o.body) })
	object(card("address-data"), false, func(o *davObject) string { return string(o.body) })
	return list
}

func (o *davObject) contentType() string {
	if o.item.comp == "VCARD" {
		return "text/vcard; charset=utf-8"
	}
	return "text/calendar; charset=utf-8; component=" + o.item.comp
}

func (p place) resourceType() string {
	s := element(dav("collection"), "")
	switch {
	case p.kind == atPrincipal:
		s += element(dav("principal"), "")
	case p.kind == atObject:
		return ""
	case p.kind == atCollection && p.link.kind == Contacts:
		s += element(card("addressbook"), "")
	case p.kind == atCollection:
		s += element(cal("calendar"), "")
	}
	return s
}

func (c *davCall) displayName(p place) (string, bool) {
	switch p.kind {
	case atPrincipal:
		m, _ := c.d.dir.Mailbox(p.home.email)
		if m.FullName != "" {
			return escape(m.FullName), true
		}
		return escape(p.home.email), true
	case atCollection:
		return escape(p.link.display()), true
	}
	return "", false
}

func comps(p place) string {
	var b strings.Builder
	if p.link != nil {
		for _, name := range p.link.comps {
			fmt.Fprintf(&b, `<C:comp name="%s"/>`, escape(name))
		}
	}
	return b.String()
}

func (p place) privileges() string {
	may := []string{"read", "read-current-user-privilege-set"}
	if p.link == nil || !p.link.readOnly {
		may = append(may, "write", "write-content", "write-properties", "bind", "unbind")
	}
	var b strings.Builder
	for _, m := range may {
		b.WriteString(element(dav("privilege"), element(dav(m), "")))
	}
	return b.String()
}

func (c *davCall) reports(p place) (string, bool) {
	if p.kind != atCollection {
		return "", false
	}
	names := []xml.Name{cal("calendar-query"), cal("calendar-multiget")}
	if p.link.kind == Contacts {
		names = []xml.Name{card("addressbook-query"), card("addressbook-multiget")}
	}
	if !c.d.opt.NoSyncToken {
		names = append(names, dav("sync-collection"))
	}
	var b strings.Builder
	for _, n := range names {
		b.WriteString(element(dav("supported-report"), element(dav("report"), element(n, ""))))
	}
	return b.String(), true
}

// token is a collection's sync-token, a URI (RFC 6578 4); ctag says that something changed.
func (c *davCall) token(p place) string {
	if p.link == nil {
		return ""
	}
	return tokenAt(p.link.davCollection, p.link.rev)
}

func tokenAt(c *davCollection, rev int) string {
	return fmt.Sprintf("http://smartermail.invalid/sync/%d/%d", c.serial, rev)
}

func (c *davCall) ctag(p place) string {
	if p.link == nil {
		return ""
	}
	return fmt.Sprintf(`"ctag-%d"`, p.link.rev)
}

// told are the properties that a place has, of those asked for.
func (c *davCall) told(p place, want []xml.Name) (found, missing string) {
	var yes, no strings.Builder
	for _, name := range want {
		value, ok := c.value(p, name)
		if ok {
			yes.WriteString(element(name, value))
		} else {
			no.WriteString(element(name, ""))
		}
	}
	return yes.String(), no.String()
}

func (c *davCall) value(p place, name xml.Name) (string, bool) {
	if i := slices.IndexFunc(c.d.live, func(l property) bool { return l.name == name }); i >= 0 {
		return c.d.live[i].tell(c, p)
	}
	if p.kind == atCollection {
		value, ok := p.link.props[name]
		return value, ok
	}
	return "", false
}
