package standin

import (
	"fmt"
	"strings"
	"testing"
)

// TestDAVVerbs: every method, and what it refuses.
func TestDAVVerbs(t *testing.T) {
	one, a := put(inCalendar+"a.ics", event("u1")), inCalendar+"a.ics"
	work := xmlTo("MKCALENDAR", calendarsPath+"work/", "C:mkcalendar", "")
	patch := func(inner string) string {
		return xmlTo("PROPPATCH", inCalendar, "D:propertyupdate", inner)
	}
	set := func(inner string) string { return "<D:set><D:prop>" + inner + "</D:prop></D:set>" }
	move := func(method, to string, head ...string) string {
		return method + " " + a + "\nDestination: " + to + "\n" + strings.Join(head, "\n")
	}
	hrefs := func(list ...string) string {
		s := "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
		for _, h := range list {
			s += "<D:href>" + h + "</D:href>"
		}
		return xmlTo("REPORT", inCalendar, "C:calendar-multiget", s)
	}
	for _, c := range []struct {
		name      string
		say       []string
		want, not string
	}{
		{"what it can", []string{"OPTIONS " + inCalendar}, "Dav: 1, 3, access-control, calendar-access, addressbook, extended-mkcol\r\n", ""},
		{"no such method", []string{"LOCK " + inCalendar}, "405 Method", ""},
		{"not there", []string{"GET " + a}, "404 Not Found", ""},
		{"no collection", []string{put(calendarsPath+"none/a.ics", event("x"))}, "409 Conflict", ""},
		{"elsewhere", []string{"GET /mail/"}, "404 Not Found", ""},
		{"a calendar is no file", []string{"GET " + inCalendar}, "405 Method", ""},
		{"changed", []string{one, put(a, event("u1", "LOCATION:Here"))}, "204 No Content", ""},
		{"made only if it is not there", []string{one, put(a, event("u1"), "If-None-Match: *")}, "412 Precondition", ""},
		{"changed only if it is there", []string{put(a, event("u1"), "If-Match: *")}, "412 Precondition", ""},
		{"changed meanwhile", []string{one, put(a, event("u1"), `If-Match: "x"`)}, "412 Precondition", ""},
		{"deleted meanwhile", []string{one, "DELETE " + a + "\n" + `If-Match: "x"`}, "412 Precondition", ""},
		{"deleted", []string{one, "DELETE " + a, "GET " + a}, "404 Not Found", ""},
		{"another UID in its place", []string{one, put(a, event("u2"))}, "<C:no-uid-conflict/>", "204"},
		{"no iCalendar", []string{put(a, "hello")}, "<C:valid-calendar-data/>", "201"},
		{"a default calendar stays", []string{"DELETE " + inCalendar}, "403 Forbidden", ""},
		{"another one goes", []string{work, "DELETE " + calendarsPath + "work/", props(calendarsPath, "1", "displayname")}, "My Calendar", "work"},
		{"one that is there", []string{work, work}, "405 Method", ""},
		{"a calendar of tasks", []string{xmlTo("MKCALENDAR", calendarsPath+"todo/", "C:mkcalendar", set(`<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>`)), put(calendarsPath+"todo/t.ics", other("VTODO", "t"))}, "201 Created", ""},
		{"of both", []string{xmlTo("MKCALENDAR", calendarsPath+"mix/", "C:mkcalendar", set(`<C:supported-calendar-component-set><C:comp name="VTODO"/><C:comp name="VEVENT"/></C:supported-calendar-component-set>`))}, "<C:supported-calendar-component/>", "201"},
		{"a calendar by MKCOL", []string{xmlTo("MKCOL", calendarsPath+"m/", "D:mkcol", set("<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"))}, "201 Created", ""},
		{"a folder", []string{"MKCOL " + calendarsPath + "m/"}, "<D:valid-resourcetype/>", "201"},
		{"a book among calendars", []string{xmlTo("MKCOL", calendarsPath+"m/", "D:mkcol", set("<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>"))}, "403 Forbidden", ""},
		{"no depth", []string{"PROPFIND " + inCalendar}, "<D:propfind-finite-depth/>", "207"},
		{"all properties", []string{one, "PROPFIND " + a + "\nDepth: 0"}, "<D:getetag>", "SUMMARY"},
		{"their names", []string{xmlTo("PROPFIND", inCalendar, "D:propfind", "<D:propname/>")}, "<C:supported-calendar-component-set/>", "My Calendar"},
		{"one that nobody knows", []string{xmlTo("PROPFIND", inCalendar, "D:propfind", `<D:prop><q:odd xmlns:q="urn:q"/></D:prop>`)}, `<X:odd xmlns:X="urn:q"/></D:prop><D:status>HTTP/1.1 404 Not Found`, "200"},
		{"in brief", []string{"PROPFIND " + inCalendar + "\nDepth: 0\nBrief: t\n\n<D:propfind" + declared + "><D:prop><D:getetag/><D:displayname/></D:prop></D:propfind>"}, "My Calendar", "404"},
		{"renamed", []string{patch(set("<D:displayname>Mine &amp; &lt;yours&gt;</D:displayname>")), props(inCalendar, "0", "displayname")}, "<D:displayname>Mine &amp; &lt;yours&gt;</D:displayname>", ""},
		{"a property of the client's", []string{patch(set(`<q:odd xmlns:q="urn:q"><q:in>x</q:in></q:odd>`)), xmlTo("PROPFIND", inCalendar, "D:propfind", `<D:prop><odd xmlns="urn:q"/></D:prop>`)}, `<X:odd xmlns:X="urn:q"><X:in xmlns:X="urn:q">x</X:in></X:odd>`, "404"},
		{"is taken away", []string{patch(set("<I:calendar-order>3</I:calendar-order>")), patch("<D:remove><D:prop><I:calendar-order/></D:prop></D:remove>"), props(inCalendar, "0", "I:calendar-order")}, "404 Not Found", ""},
		{"all or nothing", []string{patch(set("<D:displayname>Mine</D:displayname><D:getetag>x</D:getetag>")), props(inCalendar, "0", "displayname")}, "My Calendar", "Mine"},
		{"and that is said", []string{patch(set("<D:displayname>Mine</D:displayname><D:getetag>x</D:getetag>"))}, "424 Failed Dependency", "200"},
		{"moved", []string{one, work, move("MOVE", calendarsPath+"work/b.ics"), "GET " + a}, "404 Not Found", ""},
		{"to there", []string{one, work, move("MOVE", calendarsPath+"work/b.ics"), "GET " + calendarsPath + "work/b.ics"}, "SUMMARY:Lunch", ""},
		{"moved within", []string{one, move("MOVE", inCalendar+"b.ics")}, "201 Created", ""},
		{"copied within", []string{one, move("COPY", inCalendar+"b.ics")}, "<C:no-uid-conflict/>", "201"},
		{"copied", []string{one, work, move("COPY", calendarsPath+"work/b.ics"), "GET " + a}, "SUMMARY:Lunch", ""},
		{"not over another", []string{one, put(inCalendar+"b.ics", event("u2")), move("MOVE", inCalendar+"b.ics", "Overwrite: F")}, "412 Precondition", ""},
		{"over another", []string{one, put(inCalendar+"b.ics", event("u2")), move("MOVE", inCalendar+"b.ics"), "GET " + inCalendar + "b.ics"}, "UID:u1", ""},
		{"to another server", []string{one, move("MOVE", "http://other.test"+inCalendar+"b.ics")}, "502 Bad Gateway", ""},
		{"to somebody else", []string{one, move("MOVE", "/webdav/calendars/example.test/ann/calendar/b.ics")}, "403 Forbidden", ""},
		{"onto itself", []string{one, move("MOVE", a)}, "403 Forbidden", ""},
		{"an event among tasks", []string{one, move("MOVE", inTasks+"a.ics")}, "<C:supported-calendar-component/>", "201"},
		{"several at once", []string{one, hrefs(a, inCalendar+"none.ics")}, "none.ics</D:href><D:status>HTTP/1.1 404 Not Found", ""},
		{"with their bytes", []string{one, hrefs(a)}, "SUMMARY:Lunch&#xA;", "404"},
		{"a report that is not there", []string{xmlTo("REPORT", inCalendar, "C:free-busy-query", "")}, "<D:supported-report/>", ""},
		{"a filter that is none", []string{one, xmlTo("REPORT", inCalendar, "C:calendar-query", `<C:filter><C:comp-filter name="VCALENDAR"><C:time-range start="now"/></C:comp-filter></C:filter>`)}, "<C:valid-filter/>", "207"},
		{"a collation that is none", []string{one, xmlTo("REPORT", inCalendar, "C:calendar-query", `<C:filter><C:comp-filter name="VCALENDAR"><C:prop-filter name="VERSION"><C:text-match collation="x">2</C:text-match></C:prop-filter></C:comp-filter></C:filter>`)}, "<C:supported-collation/>", "207"},
		{"two, one at a time", []string{put(inContacts+"a.vcf", contact("a")), put(inContacts+"b.vcf", contact("b")), xmlTo("REPORT", inContacts, "A:addressbook-query", "<D:prop><D:getetag/></D:prop><A:limit><A:nresults>1</A:nresults></A:limit>")}, "507 Insufficient Storage", "b.vcf"},
		{"a token of another collection", []string{xmlTo("REPORT", inCalendar, "D:sync-collection", "<D:sync-token>http://smartermail.invalid/sync/2/2</D:sync-token>")}, "<D:valid-sync-token/>", "207"},
		{"no XML", []string{"PROPFIND " + inCalendar + "\nDepth: 0\n\n<a>"}, "400 Bad Request", ""},
		{"entities", []string{"PROPFIND " + inCalendar + "\nDepth: 0\n\n" + `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`}, "400 Bad Request", ""},
		{"too deep", []string{"PROPFIND " + inCalendar + "\nDepth: 0\n\n" + strings.Repeat("<a>", 30) + strings.Repeat("</a>", 30)}, "400 Bad Request", ""},
		{"too many properties", []string{"PROPFIND " + inCalendar + "\nDepth: 0\n\n<propfind xmlns='DAV:'><prop>" + strings.Repeat("<a/>", maxProps+1) + "</prop></propfind>"}, "400 Bad Request", ""},
		{"too much XML", []string{"PROPFIND " + inCalendar + "\nDepth: 0\n\n<a>" + strings.Repeat(" ", maxXML) + "</a>"}, "413 Request", ""},
		{"out of the tree", []string{"GET /webdav/calendars/example.test/joe/calendar/%2e%2e"}, "404 Not Found", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, got := startDAV(t, Options{}), ""
			for _, what := range c.say {
				got = asks(t, s.DAV.URL, "joe@example.test", "pw", what)
			}
			if !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("got %q, want %q in it, not %q", got, c.want, c.not)
			}
		})
	}
}

// TestDAVSync: whatever page a client is at, the pages together tell all that there is, and what went.
func TestDAVSync(t *testing.T) {
	s := startDAV(t, Options{})
	const joe = "joe@example.test"
	for i := range 7 {
		if err := s.DAV.Put(joe, CalendarID, fmt.Sprintf("e%d.ics", i), []byte(event(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	token, known := "", map[string]bool{}
	sync := func() (pages int) {
		for more := true; more; pages++ {
			got := asks(t, s.DAV.URL, joe, "pw", xmlTo("REPORT", inCalendar, "D:sync-collection", "<D:sync-token>"+token+"</D:sync-token><D:sync-level>1</D:sync-level><D:limit><D:nresults>3</D:nresults></D:limit><D:prop><D:getetag/></D:prop>"))
			for _, r := range strings.Split(got, "<D:response>")[1:] {
				href, rest, _ := strings.Cut(strings.TrimPrefix(r, "<D:href>"+inCalendar), "</D:href>")
				switch {
				case href == "":
				case strings.HasPrefix(rest, "<D:status>HTTP/1.1 404"):
					delete(known, href)
				default:
					known[href] = true
				}
			}
			more = strings.Contains(got, "507 Insufficient")
			_, token, _ = strings.Cut(got, "<D:sync-token>")
			token, _, _ = strings.Cut(token, "</D:sync-token>")
		}
		return pages
	}
	if pages := sync(); pages != 3 || len(known) != 7 {
		t.Errorf("%d pages tell of %v", pages, known)
	}
	for i := range 5 {
		s.DAV.Remove(joe, CalendarID, fmt.Sprintf("e%d.ics", i))
	}
	if err := s.DAV.Put(joe, CalendarID, "new.ics", []byte(event("new"))); err != nil {
		t.Fatal(err)
	}
	if pages := sync(); pages != 2 || len(known) != 3 || !known["new.ics"] || !known["e5.ics"] {
		t.Errorf("%d pages leave %v", pages, known)
	}
	if pages := sync(); pages != 1 || len(known) != 3 {
		t.Errorf("%d pages of nothing leave %v", pages, known)
	}
}

// TestDAVLanguage: the collections that every mailbox has are renamed with its language, those that a user named are not.
func TestDAVLanguage(t *testing.T) {
	s := startDAV(t, Options{})
	const joe = "joe@example.test"
	asks(t, s.DAV.URL, joe, "pw", xmlTo("PROPPATCH", inTasks, "D:propertyupdate", "<D:set><D:prop><D:displayname>Mine</D:displayname></D:prop></D:set>"))
	if err := s.Directory.SetLanguage(joe, "de"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{CalendarID: "Mein Kalender", TasksID: "Mine", ContactsID: "Kontakte", "ann-calendar": "ann - My Calendar"} {
		if got := s.DAV.Collection(joe, id).Name; got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

// TestDAVBreaks: a fault breaks the requests that it names, and a request that was done before its answer was lost was done.
func TestDAVBreaks(t *testing.T) {
	s := startDAV(t, Options{})
	s.DAV.Break(Fault{Method: "PUT", Times: 1, After: true})
	s.DAV.Break(Fault{Method: "PUT", Path: "b.ics", Times: 1, Status: 503})
	for i, c := range []struct{ name, want string }{{"a.ics", "EOF"}, {"b.ics", "503"}, {"b.ics", "201"}} {
		if got := asks(t, s.DAV.URL, "joe@example.test", "pw", put(inCalendar+c.name, event(c.name))); !strings.HasPrefix(got, c.want) {
			t.Errorf("%d: %q, want %s", i, got, c.want)
		}
	}
	if n := len(s.DAV.Collection("joe@example.test", CalendarID).Objects); n != 2 || s.DAV.Count("PUT") != 3 {
		t.Errorf("%d objects after %d requests", n, s.DAV.Count("PUT"))
	}
}
