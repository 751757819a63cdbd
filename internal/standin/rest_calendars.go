package standin

import (
	"encoding/json"
	"net/http"
	"strings"
)

// calendarRoutes are the calls that tell and make collections of DAV, which is how one is made where MKCALENDAR is not taken.
// That a folderId is the last part of the collection's path is a guess. Defensive: a client must look for the name.
func (a *API) calendarRoutes() {
	a.handle("GET calendars/sources", user, func(c *call) (map[string]any, error) {
		calendars, tasks := []map[string]any{}, []map[string]any{}
		for _, l := range c.collections() {
			told := map[string]any{"owner": l.owner, "folderId": l.ID, "name": l.Name, "isPrimary": l.ID == CalendarID || l.ID == TasksID,
				"isWebCalendar": false, "isSharedItem": l.Shared, "permission": permission(l.Collection)}
			switch l.Kind {
			case Calendar:
				calendars = append(calendars, told)
			case Tasks:
				tasks = append(tasks, told)
			}
		}
		return map[string]any{"calendars": calendars, "tasks": tasks}, nil
	})
	a.handle("GET contacts/sources", user, func(c *call) (map[string]any, error) {
		lists := []map[string]any{{"ownerUsername": "", "folderId": galID, "displayName": "Global Address List", "isPrimary": false, "access": 1}}
		for _, l := range c.collections() {
			if l.Kind == Contacts && l.ID != galID {
				lists = append(lists, map[string]any{"ownerUsername": l.owner, "folderId": l.ID, "displayName": l.Name, "isPrimary": l.ID == ContactsID, "access": permission(l.Collection)})
			}
		}
		return map[string]any{"sharedLists": lists}, nil
	})
	a.handle("POST calendars/calendar-put", user, func(c *call) (map[string]any, error) {
		var setting struct {
			FriendlyName string `json:"friendlyName"`
		}
		if json.Unmarshal(c.body["setting"], &setting) != nil {
			return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
		}
		return c.addCollection(Calendar, setting.FriendlyName, "VEVENT")
	})
	a.handle("POST tasks/sources/add", user, func(c *call) (map[string]any, error) { return c.addCollection(Tasks, c.text("folder"), "VTODO") })
	a.handle("POST contacts/address-book/add", user, func(c *call) (map[string]any, error) { return c.addCollection(Contacts, c.text("folder")) })
}

// permission is a number whose meaning is a guess: 0 for one's own, 1 to read, 2 to write. Defensive.
func permission(l Collection) int {
	switch {
	case l.ReadOnly:
		return 1
	case l.Shared:
		return 2
	}
	return 0
}

// owned is a collection with the name of its owner.
type owned struct {
	Collection
	owner string
}

func (c *call) collections() (out []owned) {
	if c.a.dav == nil {
		return nil
	}
	for _, l := range c.a.dav.Collections(c.tok.user) {
		owner, _, _ := strings.Cut(l.Owner, "@")
		out = append(out, owned{l, owner})
	}
	return out
}

func (c *call) addCollection(kind Kind, name string, comps ...string) (map[string]any, error) {
	if name == "" || c.a.dav == nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	c.a.mu.Lock()
	c.a.serial++
	id := "c" + itoa(c.a.serial)
	c.a.mu.Unlock()
	c.a.dav.Add(c.tok.user, id, kind, name, comps...)
	return map[string]any{"folderId": id}, nil
}
