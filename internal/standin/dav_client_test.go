package standin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/emersion/go-vcard"
	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"
	"github.com/emersion/go-webdav/carddav"
)

// TestDAVClient: a client that others wrote finds its way from the root over TLS, writes, asks and reads.
func TestDAVClient(t *testing.T) {
	s := startDAV(t, Options{})
	web := httptest.NewTLSServer(s)
	defer web.Close()
	ctx, as := context.Background(), webdav.HTTPClientWithBasicAuth(web.Client(), "joe@example.test", "pw")
	c, err := caldav.NewClient(as, web.URL+"/WebDAV/")
	if err != nil {
		t.Fatal(err)
	}
	principal := must(t)(c.FindCurrentUserPrincipal(ctx))
	home := must(t)(c.FindCalendarHomeSet(ctx, principal))
	calendars, err := c.FindCalendars(ctx, home)
	if err != nil || len(calendars) != 3 || calendars[0].Name != "My Calendar" || !slices.Equal(calendars[1].SupportedComponentSet, []string{"VTODO"}) {
		t.Fatalf("calendars %+v, %v", calendars, err)
	}
	for i, uid := range []string{"early", "late"} {
		e := ical.NewEvent()
		e.Props.SetText(ical.PropUID, uid)
		e.Props.SetText(ical.PropSummary, "Zoë, "+uid)
		e.Props.SetDateTime(ical.PropDateTimeStamp, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		e.Props.SetDateTime(ical.PropDateTimeStart, time.Date(2026, time.Month(1+6*i), 1, 9, 0, 0, 0, time.UTC))
		cal := ical.NewCalendar()
		cal.Props.SetText(ical.PropVersion, "2.0")
		cal.Props.SetText(ical.PropProductID, "-//test//EN")
		cal.Children = append(cal.Children, e.Component)
		if _, err := c.PutCalendarObject(ctx, calendars[0].Path+uid+" é.ics", cal); err != nil {
			t.Fatal(err)
		}
	}
	summer := caldav.CompFilter{Name: "VEVENT", Start: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
	all := caldav.CalendarCompRequest{Name: "VCALENDAR", AllProps: true, AllComps: true}
	found, err := c.QueryCalendar(ctx, calendars[0].Path, &caldav.CalendarQuery{CompRequest: all, CompFilter: caldav.CompFilter{Name: "VCALENDAR", Comps: []caldav.CompFilter{summer}}})
	if err != nil || len(found) != 1 || found[0].Path != calendars[0].Path+"late é.ics" {
		t.Fatalf("in summer: %+v, %v", found, err)
	}
	got, err := c.MultiGetCalendar(ctx, calendars[0].Path, &caldav.CalendarMultiGet{Paths: []string{found[0].Path}, CompRequest: all})
	if err != nil || len(got) != 1 || got[0].ETag != found[0].ETag {
		t.Fatalf("multiget: %+v, %v", got, err)
	}
	if name, _ := got[0].Data.Events()[0].Props.Text(ical.PropSummary); name != "Zoë, late" {
		t.Errorf("summary %q", name)
	}
	if err := c.RemoveAll(ctx, found[0].Path); err != nil {
		t.Error(err)
	}
	if left := s.DAV.Collection("joe@example.test", CalendarID).Objects; len(left) != 1 || left[0].UID != "early" {
		t.Errorf("left: %+v", left)
	}
	books(t, s, as, web.URL+principal)
}

func books(t *testing.T, s *Server, as webdav.HTTPClient, principal string) {
	t.Helper()
	ctx := context.Background()
	c, err := carddav.NewClient(as, principal)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.HasSupport(ctx); err != nil {
		t.Error(err)
	}
	books, err := c.FindAddressBooks(ctx, must(t)(c.FindAddressBookHomeSet(ctx, "")))
	if err != nil || len(books) != 1 || books[0].Name != "Contacts" || !books[0].SupportsAddressData("text/vcard", "4.0") {
		t.Fatalf("books %+v, %v", books, err)
	}
	before, err := c.SyncCollection(ctx, books[0].Path, &carddav.SyncQuery{})
	if err != nil || before.SyncToken == "" || len(before.Updated) != 0 {
		t.Fatalf("at first %+v, %v", before, err)
	}
	for _, name := range []string{"ann", "bob"} {
		card := vcard.Card{}
		card.SetValue(vcard.FieldUID, name)
		card.SetValue(vcard.FieldFormattedName, name+" Lee")
		card.SetValue(vcard.FieldEmail, name+"@example.test")
		vcard.ToV4(card)
		if _, err := c.PutAddressObject(ctx, books[0].Path+name+".vcf", card); err != nil {
			t.Fatal(err)
		}
	}
	all := carddav.AddressDataRequest{AllProp: true}
	found, err := c.QueryAddressBook(ctx, books[0].Path, &carddav.AddressBookQuery{DataRequest: all,
		PropFilters: []carddav.PropFilter{{Name: "EMAIL", TextMatches: []carddav.TextMatch{{Text: "BOB@", MatchType: carddav.MatchStartsWith}}}}})
	if err != nil || len(found) != 1 || found[0].Card.Value(vcard.FieldFormattedName) != "bob Lee" {
		t.Fatalf("bob: %+v, %v", found, err)
	}
	got, err := c.MultiGetAddressBook(ctx, books[0].Path, &carddav.AddressBookMultiGet{Paths: []string{found[0].Path}, DataRequest: all})
	if err != nil || len(got) != 1 || got[0].ETag != found[0].ETag {
		t.Fatalf("multiget: %+v, %v", got, err)
	}
	s.DAV.Remove("joe@example.test", ContactsID, "bob.vcf")
	after, err := c.SyncCollection(ctx, books[0].Path, &carddav.SyncQuery{SyncToken: before.SyncToken})
	if err != nil || len(after.Updated) != 1 || !strings.HasSuffix(after.Updated[0].Path, "/ann.vcf") || !slices.Equal(after.Deleted, []string{books[0].Path + "bob.vcf"}) {
		t.Errorf("then %+v, %v", after, err)
	}
	s.DAV.ForgetSync()
	if _, err := c.SyncCollection(ctx, books[0].Path, &carddav.SyncQuery{SyncToken: after.SyncToken}); err == nil || !strings.Contains(err.Error(), http.StatusText(http.StatusForbidden)) {
		t.Errorf("a token that is forgotten: %v", err)
	}
}

func must(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
