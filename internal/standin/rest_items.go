package standin

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// source is the one list of notes or tasks that every user has.
const source = "f1"

func (a *API) itemRoutes() {
	a.handle("GET notes/sources", user, func(c *call) (map[string]any, error) {
		return map[string]any{"sharedLists": []map[string]any{{"ownerUsername": c.local(), "folderId": source, "displayName": "My Notes", "isPrimary": true, "access": 0}}}, nil
	})
	a.handle("GET notes/notes/{owner}/{source}", user, func(c *call) (map[string]any, error) { return c.tellItems(c.a.notes, "notes") })
	a.handle("POST notes/note-put/{source}/{owner}", user, func(c *call) (map[string]any, error) { return c.putItem(c.a.notes) })
	a.handle("POST notes/note-patch/{id}/{source}/{owner}", user, func(c *call) (map[string]any, error) { return c.patchItem(c.a.notes, c.r.PathValue("id")) })
	a.handle("POST notes/note-delete/{id}/{source}/{owner}", user, func(c *call) (map[string]any, error) { return c.dropItem(c.a.notes, c.r.PathValue("id")) })
	a.handle("GET tasks/sources", user, func(c *call) (map[string]any, error) {
		return map[string]any{"sharedLists": []map[string]any{{"ownerUsername": c.local(), "folderId": source, "displayName": "My Tasks", "isPrimary": true, "access": 0}}}, nil
	})
	a.handle("GET tasks/{owner}/{source}", user, func(c *call) (map[string]any, error) { return c.tellItems(c.a.tasks, "details") })
	a.handle("POST tasks/save", user, (*call).saveTasks)
	a.handle("POST tasks/delete", user, (*call).deleteTasks)
}

// local is the token's user without the domain.
func (c *call) local() string {
	local, _, _ := strings.Cut(c.tok.user, "@")
	return local
}

// own refuses what is not the token's own.
func (c *call) own(owner, src string) error {
	if owner != c.local() || src != source {
		return refused{http.StatusForbidden, "FORBIDDEN"}
	}
	return nil
}

func (c *call) tellItems(of map[string][]map[string]any, name string) (map[string]any, error) {
	if err := c.own(c.r.PathValue("owner"), c.r.PathValue("source")); err != nil {
		return nil, err
	}
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	out := []map[string]any{}
	for _, item := range of[c.tok.user] {
		out = append(out, maps.Clone(item)) // it is written to the wire when mu is free again
	}
	return map[string]any{name: out}, nil
}

// add keeps an item under a new ID; the caller holds mu.
func (a *API) add(of map[string][]map[string]any, owner string, item map[string]any) string {
	a.serial++
	id := "i" + itoa(a.serial)
	item["id"] = id
	of[owner] = append(of[owner], item)
	return id
}

func (c *call) putItem(of map[string][]map[string]any) (map[string]any, error) {
	if err := c.own(c.r.PathValue("owner"), c.r.PathValue("source")); err != nil {
		return nil, err
	}
	var item map[string]any
	if err := json.Unmarshal(c.raw, &item); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	return map[string]any{"id": c.a.add(of, c.tok.user, item)}, nil
}

func (c *call) patchItem(of map[string][]map[string]any, id string) (map[string]any, error) {
	var item map[string]any
	if err := json.Unmarshal(c.raw, &item); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	for _, have := range of[c.tok.user] {
		if have["id"] == id {
			for k, v := range item {
				have[k] = v
			}
			return map[string]any{}, nil
		}
	}
	return nil, refused{http.StatusOK, "ITEM_NOT_FOUND"}
}

func (c *call) dropItem(of map[string][]map[string]any, id string) (map[string]any, error) {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	n := len(of[c.tok.user])
	of[c.tok.user] = slices.DeleteFunc(of[c.tok.user], func(m map[string]any) bool { return m["id"] == id })
	if len(of[c.tok.user]) == n {
		return nil, refused{http.StatusOK, "ITEM_NOT_FOUND"}
	}
	return map[string]any{}, nil
}

// saveTasks takes a list; those with an ID replace what they have.
func (c *call) saveTasks() (map[string]any, error) {
	var items []map[string]any
	if err := json.Unmarshal(c.raw, &items); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	for _, item := range items {
		owner, _ := item["sourceOwner"].(string)
		src, _ := item["sourceId"].(string)
		if err := c.own(owner, src); err != nil {
			return nil, err
		}
		id, _ := item["id"].(string)
		c.a.mu.Lock()
		at := slices.IndexFunc(c.a.tasks[c.tok.user], func(m map[string]any) bool { return id != "" && m["id"] == id })
		if at >= 0 {
			c.a.tasks[c.tok.user][at] = item
		} else {
			c.a.add(c.a.tasks, c.tok.user, item)
		}
		c.a.mu.Unlock()
	}
	return map[string]any{}, nil
}

func (c *call) deleteTasks() (map[string]any, error) {
	var items []struct{ ID string }
	if err := json.Unmarshal(c.raw, &items); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	for _, i := range items {
		if _, err := c.dropItem(c.a.tasks, i.ID); err != nil {
			return nil, err
		}
	}
	return map[string]any{}, nil
}
