package standin

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

const (
	calendarsPath = "/webdav/calendars/example.test/joe/"
	booksPath     = "/webdav/addressbooks/example.test/joe/"
	inCalendar    = calendarsPath + "calendar/"
	inTasks       = calendarsPath + "tasks/"
	inContacts    = booksPath + "contacts/"
)

// event, task and contact are small objects with a UID.
func event(uid string, more ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//old//EN\nBEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20200101T000000Z\nDTSTART:20260301T100000Z\nDTEND:20260301T110000Z\nSUMMARY:Lunch\n" +
		strings.Join(append(more, ""), "\n") + "END:VEVENT\nEND:VCALENDAR\n"
}

func other(comp, uid string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//old//EN\nBEGIN:" + comp + "\nUID:" + uid + "\nDTSTAMP:20200101T000000Z\nSUMMARY:Buy milk\nEND:" + comp + "\nEND:VCALENDAR\n"
}

func contact(uid string) string {
	return "BEGIN:VCARD\nVERSION:3.0\nUID:" + uid + "\nFN:Ann Lee\nN:Lee;Ann;;;\nEMAIL:ann@example.test\nEND:VCARD\n"
}

// props asks for properties. Names of others than DAV: have a prefix: C:, A:, S: or I:.
func props(path, depth string, names ...string) string {
	s := ""
	for _, n := range names {
		if !strings.Contains(n, ":") {
			n = "D:" + n
		}
		s += "<" + n + "/>"
	}
	return "PROPFIND " + path + "\nDepth: " + depth + "\n\n<D:propfind" + declared + "><D:prop>" + s + "</D:prop></D:propfind>"
}

func put(path, body string, head ...string) string {
	return "PUT " + path + "\n" + strings.Join(append(head, ""), "\n") + "\n" + body
}

func xmlTo(method, path, root, inner string) string {
	return method + " " + path + "\nDepth: 1\n\n<" + root + declared + ">" + inner + "</" + root + ">"
}

// asks sends a request that is written as in these tests, and returns the whole answer. \t at the beginning of a header's line
// makes it another header.
func asks(t *testing.T, base, user, pass, what string) string {
	t.Helper()
	head, body, _ := strings.Cut(what, "\n\n")
	lines := strings.Split(head, "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	r, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines[1:] {
		if k, v, ok := strings.Cut(l, ": "); ok {
			r.Header.Set(textproto.CanonicalMIMEHeaderKey(k), v)
		}
	}
	if user != "" {
		r.SetBasicAuth(user, pass)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	out, err := httputil.DumpResponse(res, false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(bufio.NewReader(res.Body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(out), "HTTP/1.1 ") + string(b)
}

// davManner is one thing that is asked of a server and what it answers.
type davManner struct {
	behaviour int
	name      string
	o         Options
	say       []string // the last answer counts
	want, not string
}

func davWith(f func(*DAVOptions)) (o Options) {
	f(&o.DAV)
	return o
}

func davManners() []davManner {
	mkcalendar := xmlTo("MKCALENDAR", calendarsPath+"work/", "C:mkcalendar", "<D:set><D:prop><D:displayname>Work</D:displayname><I:calendar-color>#FF0000</I:calendar-color></D:prop></D:set>")
	mkcol := xmlTo("MKCOL", booksPath+"club/", "D:mkcol", "<D:set><D:prop><D:resourcetype><D:collection/><A:addressbook/></D:resourcetype><D:displayname>Club</D:displayname></D:prop></D:set>")
	sync := xmlTo("REPORT", inCalendar, "D:sync-collection", "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>")
	one := put(inCalendar+"a.ics", event("u1"))
	listing := props(inCalendar, "1", "getetag")
	return []davManner{
		{20, "the root knows who asks", Options{}, []string{props("/WebDAV/", "0", "current-user-principal")}, "<D:href>/webdav/principals/example.test/joe/</D:href>", "404"},
		{20, "in any letter case", Options{}, []string{props("/WEBdav/Principals/EXAMPLE.test/JOE/", "0", "C:calendar-home-set", "A:addressbook-home-set")}, "<D:href>" + calendarsPath + "</D:href>", "404"},
		{20, "objects, too", Options{}, []string{one, "GET /WebDAV/Calendars/Example.Test/Joe/Calendar/A.ICS"}, "SUMMARY:Lunch", ""},
		{20, "My Calendar", Options{}, []string{props(calendarsPath, "1", "displayname")}, "<D:displayname>My Calendar</D:displayname>", ""},
		{20, "or Calendar", davWith(func(o *DAVOptions) { o.ShortNames = true }), []string{props(calendarsPath, "1", "displayname")}, "<D:displayname>Calendar</D:displayname>", "My Calendar"},
		{20, "in German", Options{Locale: "de"}, []string{props(calendarsPath, "1", "displayname")}, "<D:displayname>Mein Kalender</D:displayname>", "My Calendar"},
		{20, "tasks apart, in the calendar list", Options{}, []string{props(calendarsPath, "1", "C:supported-calendar-component-set")}, `<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>`, ""},
		{20, "no task among events", Options{}, []string{put(inCalendar+"t.ics", other("VTODO", "t1"))}, "<C:supported-calendar-component/>", "201"},
		{20, "but among tasks", Options{}, []string{put(inTasks+"t.ics", other("VTODO", "t1"))}, "201 Created", ""},
		{20, "Contacts", Options{}, []string{props(booksPath, "1", "displayname", "resourcetype")}, "<D:displayname>Contacts</D:displayname><D:resourcetype><D:collection/><A:addressbook/>", ""},
		{20, "what others share", Options{}, []string{props(calendarsPath, "1", "displayname")}, "<D:displayname>ann - My Calendar</D:displayname>", ""},
		{20, "which is read-only here", Options{}, []string{put(calendarsPath+"ann-calendar/x.ics", event("x"))}, "<D:need-privileges/>", "201"},
		{20, "nothing without a login", Options{}, []string{"!" + listing}, `Basic realm="SmarterMail"`, "207"},
		{20, "nothing of others", Options{}, []string{props("/webdav/calendars/example.test/ann/", "1", "displayname")}, "403", "207"},
		{21, "MKCALENDAR", Options{}, []string{mkcalendar, props(calendarsPath, "1", "displayname", "I:calendar-color")}, "<D:displayname>Work</D:displayname><I:calendar-color>#FF0000</I:calendar-color>", ""},
		{21, "MKCALENDAR is forbidden", davWith(func(o *DAVOptions) { o.MakeCalendars = Make403 }), []string{mkcalendar}, "403 Forbidden", ""},
		{21, "MKCALENDAR is not there", davWith(func(o *DAVOptions) { o.MakeCalendars = Make405 }), []string{mkcalendar}, "405 Method Not Allowed", ""},
		{21, "extended MKCOL", Options{}, []string{mkcol, props(booksPath, "1", "displayname")}, "<D:displayname>Club</D:displayname>", ""},
		{21, "MKCOL is forbidden", davWith(func(o *DAVOptions) { o.MakeBooks = Make403 }), []string{mkcol}, "403 Forbidden", ""},
		{21, "MKCOL is not there", davWith(func(o *DAVOptions) { o.MakeBooks = Make405 }), []string{mkcol}, "405 Method Not Allowed", ""},
		{21, "sync-token", Options{}, []string{one, sync}, "a.ics</D:href><D:propstat><D:prop><D:getetag>", "404"},
		{21, "in a listing", Options{}, []string{props(inCalendar, "0", "sync-token")}, "<D:sync-token>http", "404"},
		{21, "no sync-token", davWith(func(o *DAVOptions) { o.NoSyncToken = true }), []string{props(inCalendar, "0", "sync-token")}, "404 Not Found", "<D:sync-token>"},
		{21, "no sync-collection", davWith(func(o *DAVOptions) { o.NoSyncToken = true }), []string{sync}, "<D:supported-report/>", "207"},
		{21, "getctag", Options{}, []string{props(inCalendar, "0", "S:getctag")}, "<S:getctag>", "404"},
		{21, "no getctag", davWith(func(o *DAVOptions) { o.NoCTag = true }), []string{props(inCalendar, "0", "S:getctag")}, "404 Not Found", "<S:getctag>"},
		{21, "an ETag for a PUT", Options{}, []string{one}, "Etag: \"", ""},
		{21, "no ETag for a PUT", davWith(func(o *DAVOptions) { o.NoETag = true }), []string{one}, "201 Created", "Etag"},
		{21, "but for a GET", davWith(func(o *DAVOptions) { o.NoETag = true }), []string{one, "GET " + inCalendar + "a.ics"}, "Etag: \"", ""},
		{21, "well-known is a redirect", Options{}, []string{"!PROPFIND /.well-known/caldav"}, "Location: /WebDAV/", ""},
		{21, "well-known is not there", davWith(func(o *DAVOptions) { o.WellKnown = WellKnown404 }), []string{"!PROPFIND /.well-known/carddav"}, "404 Not Found", ""},
		{21, "bytes are kept", Options{}, []string{one, "GET " + inCalendar + "a.ics"}, "\r\n\r\n" + event("u1"), ""},
		{21, "bytes are rewritten", davWith(func(o *DAVOptions) { o.Rewrite = true }), []string{one, "GET " + inCalendar + "a.ics"}, "\r\nUID:u1\r\n", "PRODID:-//old"},
		{21, "the href stays", Options{}, []string{one, listing}, inCalendar + "a.ics", ""},
		{21, "the href is another", davWith(func(o *DAVOptions) { o.Hrefs = HrefsUntold }), []string{one, listing}, inCalendar + "sm", "a.ics"},
		{21, "and nobody says so", davWith(func(o *DAVOptions) { o.Hrefs = HrefsUntold }), []string{one}, "201 Created", "Location"},
		{21, "or somebody does", davWith(func(o *DAVOptions) { o.Hrefs = HrefsTold }), []string{one}, "Location: " + inCalendar + "sm", ""},
		{21, "whole URLs", davWith(func(o *DAVOptions) { o.AbsoluteHrefs = true }), []string{one, listing}, "<D:href>http://127.0.0.1:", "<D:href>/"},
		{21, "VJOURNAL is refused", Options{}, []string{put(inCalendar+"j.ics", other("VJOURNAL", "j1"))}, "<C:supported-calendar-component/>", "201"},
		{21, "VJOURNAL is taken", davWith(func(o *DAVOptions) { o.Journals = true }), []string{put(inCalendar+"j.ics", other("VJOURNAL", "j1"))}, "201 Created", ""},
		{21, "no GAL", Options{}, []string{props(booksPath, "1", "displayname")}, "Contacts", "Global"},
		{21, "a GAL", davWith(func(o *DAVOptions) { o.GAL = true }), []string{props(booksPath+"gal/", "1", "displayname", "getetag")}, booksPath + "gal/ann.vcf", ""},
		{21, "which is read-only", davWith(func(o *DAVOptions) { o.GAL = true }), []string{put(booksPath+"gal/x.vcf", contact("x"))}, "<D:need-privileges/>", "201"},
		{21, "and says so", davWith(func(o *DAVOptions) { o.GAL = true }), []string{props(booksPath+"gal/", "0", "current-user-privilege-set")}, "<D:read/>", "<D:write/>"},
		{21, "a UID but once in a collection", Options{}, []string{one, put(inCalendar+"b.ics", event("u1"))}, "409 Conflict", ""},
		{21, "twice in a mailbox", Options{}, []string{one, mkcalendar, put(calendarsPath+"work/b.ics", event("u1"))}, "201 Created", ""},
		{21, "or but once", davWith(func(o *DAVOptions) { o.Conflict = ConflictMailbox }), []string{one, mkcalendar, put(calendarsPath+"work/b.ics", event("u1"))}, "<C:no-uid-conflict/>", "201"},
		{21, "or however often", davWith(func(o *DAVOptions) { o.Conflict = ConflictNone }), []string{one, put(inCalendar+"b.ics", event("u1"))}, "201 Created", ""},
		{21, "faults pass", Options{}, []string{put(inContacts+"a.vcf", "BEGIN:VCARD\nVERSION:2.1\nFN:A\nEND:VCARD\n")}, "201 Created", ""},
		{21, "faults are refused", davWith(func(o *DAVOptions) { o.Strict = true }), []string{put(inContacts+"a.vcf", "BEGIN:VCARD\nVERSION:2.1\nFN:A\nEND:VCARD\n")}, "<A:valid-address-data/>", "201"},
		{21, "no METHOD, either", davWith(func(o *DAVOptions) { o.Strict = true }), []string{put(inCalendar+"m.ics", strings.Replace(event("m"), "VERSION", "METHOD:PUBLISH\nVERSION", 1))}, "<C:valid-calendar-object-resource/>", "201"},
		{21, "too large", davWith(func(o *DAVOptions) { o.MaxSize = 100 }), []string{one}, "<C:max-resource-size/>", "201"},
	}
}

// TestDAVManners: the server answers as the switches say.
func TestDAVManners(t *testing.T) {
	for _, m := range davManners() {
		t.Run(fmt.Sprintf("%d %s", m.behaviour, m.name), func(t *testing.T) {
			s, got := startDAV(t, m.o), ""
			for _, what := range m.say {
				what, anonymous := strings.CutPrefix(what, "!")
				user := map[bool]string{false: "joe@example.test"}[anonymous]
				got = asks(t, s.DAV.URL, user, "pw", what)
			}
			if !strings.Contains(got, m.want) || m.not != "" && strings.Contains(got, m.not) {
				t.Errorf("got %q, want %q in it, not %q", got, m.want, m.not)
			}
		})
	}
}

// startDAV has the mailboxes of Joe and of Ann, who shares her calendar with him.
func startDAV(t *testing.T, o Options) *Server {
	t.Helper()
	s := Start(t, o)
	s.Directory.AddMailbox(Mailbox{Email: "joe@example.test", Password: "pw"})
	s.Directory.AddMailbox(Mailbox{Email: "ann@example.test", Password: "pw", FullName: "Ann Lee"})
	s.DAV.Share("ann@example.test", CalendarID, "joe@example.test", true)
	return s
}

// TestDAVLogins: DAV's failed logins count with all others, and who may not log in may not here.
func TestDAVLogins(t *testing.T) {
	s := startDAV(t, Options{IDS: IDSOptions{Rules: []IDSRule{{Failures: 4, Within: time.Hour, Block: time.Hour}}, SuccessOff: -1}})
	s.Directory.AddMailbox(Mailbox{Email: "two@example.test", Password: "pw", AppPassword: "app", TwoFactor: true})
	s.Directory.AddMailbox(Mailbox{Email: "off@example.test", Password: "pw", Disabled: true})
	for i, c := range []struct{ user, pass, want string }{
		{"JOE@example.test", "pw", "207"},
		{"", "", "401"},
		{"joe", "pw", "401"}, // no full address
		{"two@example.test", "pw", "401"},
		{"two@example.test", "app", "207"},
		{"off@example.test", "pw", "401"},
		{"joe@example.test", "no", "401"},
		{"joe@example.test", "pw", "EOF"},
	} {
		if got := asks(t, s.DAV.URL, c.user, c.pass, props("/WebDAV/", "0", "displayname")); !strings.HasPrefix(got, c.want) {
			t.Errorf("%d: %s %s: %q, want %s", i, c.user, c.pass, got, c.want)
		}
	}
	if tally := s.IDS.Tally(netip.MustParseAddr("127.0.0.1")); tally.Total != 4 || !tally.Blocked {
		t.Errorf("counted %+v", tally)
	}
	if c := dial(t, s.IMAP.Addr); !strings.HasPrefix(c.greeting, Busy) {
		t.Errorf("IMAP greets %q", c.greeting)
	}
}
