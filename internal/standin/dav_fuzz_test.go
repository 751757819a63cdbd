package standin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzDAVRequest: whatever is sent is answered, with XML that is well-formed.
func FuzzDAVRequest(f *testing.F) {
	names := strings.Split(methods, ", ")
	for i, body := range []string{
		"", "<a", "hello", event("u1"), contact("c1"),
		`<propfind xmlns="DAV:"><allprop/></propfind>`,
		`<propertyupdate xmlns="DAV:"><set><prop><displayname>x</displayname><a xmlns=""><b/></a></prop></set></propertyupdate>`,
		`<C:mkcalendar` + declared + `><D:set><D:prop><C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`,
		`<C:calendar-query` + declared + `><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260101T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`,
		`<C:calendar-multiget` + declared + `><D:prop><D:getetag/></D:prop><D:href>` + inCalendar + `a.ics</D:href></C:calendar-multiget>`,
		`<D:sync-collection` + declared + `><D:sync-token/><D:limit><D:nresults>1</D:nresults></D:limit><D:prop/></D:sync-collection>`,
		`<A:addressbook-query` + declared + `><A:filter test="allof"><A:prop-filter name="FN"><A:text-match>a</A:text-match></A:prop-filter></A:filter></A:addressbook-query>`,
	} {
		for m := range names {
			f.Add(uint8(m), []string{inCalendar, inCalendar + "a.ics", inContacts, calendarsPath + "x/"}[i%4], "1", []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, method uint8, path, depth string, body []byte) {
		dir := NewDirectory()
		d := NewDAV(dir, NewIDS(IDSOptions{}), DAVOptions{GAL: true, Schedules: true, Rewrite: true})
		dir.AddMailbox(Mailbox{Email: "joe@example.test", Password: "pw"})
		for id, body := range map[string]string{CalendarID: event("u0", "RRULE:FREQ=DAILY"), ContactsID: contact("c0")} {
			if err := d.Put("joe@example.test", id, "a.ics", []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		r := httptest.NewRequest(names[int(method)%len(names)], "/", bytes.NewReader(body))
		u, err := url.Parse("/" + strings.TrimPrefix(path, "/"))
		if err != nil {
			return
		}
		r.URL = u
		r.Header = http.Header{"Depth": {depth}, "Destination": {inCalendar + "b.ics"}}
		r.SetBasicAuth("joe@example.test", "pw")
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 || w.Code == http.StatusInternalServerError {
			t.Errorf("%s %s: status %d", r.Method, u, w.Code)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/xml") {
			wellFormed(t, w.Body.Bytes())
		}
	})
}

func wellFormed(t *testing.T, b []byte) {
	t.Helper()
	for dec := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %q", err, b)
		}
	}
}

// FuzzDAVObject: whatever bytes are taken for an object, asking about it ends, and in other bytes it is the same object.
func FuzzDAVObject(f *testing.F) {
	for _, body := range []string{
		event("u"), contact("c"), other("VTODO", "t"), event("u", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "EXDATE:20260301T100000Z"),
		event("u", "RDATE;VALUE=PERIOD:20260301T100000Z/PT1H", "X;A="), event("u", `ATTENDEE;CN="a:b";X=1:mailto:a@b`), "BEGIN;A=b:VCALENDAR\nEND:VCALENDAR",
	} {
		f.Add([]byte(body))
	}
	filter, err := parseXML([]byte(`<C:filter` + declared + `><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20300101T000000Z" end="20300201T000000Z"/></C:comp-filter></C:comp-filter></C:filter>`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, kind := range []Kind{Calendar, Contacts} {
			it, err := readItem(kind, body, false)
			if err != nil {
				continue
			}
			if _, err := it.matches(filter); err != nil {
				t.Error(err)
			}
			if is, err := readItem(kind, it.rewritten(kind, body), false); err != nil || is.uid != it.uid || is.comp != it.comp {
				t.Errorf("rewritten it is %+v, %v", is, err)
			}
		}
	})
}
