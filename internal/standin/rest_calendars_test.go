package standin

import (
	"slices"
	"strings"
	"testing"
)

// TestCalendarsByAPI: what is made through the API is there for DAV, whatever MKCALENDAR says, and the lists agree.
func TestCalendarsByAPI(t *testing.T) {
	s := startDAV(t, davWith(func(o *DAVOptions) { o.MakeCalendars, o.MakeBooks, o.GAL = Make405, Make405, true }))
	const joe = "joe@example.test"
	_, in := login(t, s, joe, "pw", "c")
	token := text(in, "accessToken")
	for path, body := range map[string]obj{
		"calendars/calendar-put":    {"setting": obj{"friendlyName": "Work"}},
		"tasks/sources/add":         {"folder": "Chores"},
		"contacts/address-book/add": {"folder": "Club"},
	} {
		if code, out := ask(t, s, "POST", path, token, body); code != 200 || out["success"] != true {
			t.Errorf("%s: %d %v", path, code, out)
		}
		if _, out := ask(t, s, "POST", path, token, obj{}); out["success"] != false {
			t.Errorf("%s without a name: %v", path, out)
		}
	}
	_, calendars := ask(t, s, "GET", "calendars/sources", token, nil)
	_, books := ask(t, s, "GET", "contacts/sources", token, nil)
	for _, c := range []struct {
		list any
		name string
		path string
		want []string
	}{
		{calendars["calendars"], "name", calendarsPath, []string{"My Calendar", "Work", "ann - My Calendar"}},
		{calendars["tasks"], "name", calendarsPath, []string{"Chores", "My Tasks"}},
		{books["sharedLists"], "displayName", booksPath, []string{"Club", "Contacts", "Global Address List"}},
	} {
		var told []string
		list, _ := c.list.([]any)
		for _, l := range list {
			told = append(told, text(l.(obj), c.name))
		}
		slices.Sort(told)
		if !slices.Equal(told, c.want) {
			t.Errorf("the API tells of %v, want %v", told, c.want)
		}
		listing := asks(t, s.DAV.URL, joe, "pw", props(c.path, "1", "displayname"))
		for _, name := range c.want {
			if !strings.Contains(listing, "<D:displayname>"+name+"</D:displayname>") {
				t.Errorf("DAV does not list %s: %s", name, listing)
			}
		}
	}
	if _, out := ask(t, s, "POST", "calendars/calendar-put", "none", obj{"setting": obj{"friendlyName": "X"}}); out["success"] != false {
		t.Errorf("without a login: %v", out)
	}
}
