package smartermail

import (
	"context"

	"crossfade/backfill"
)

// Note is one note. ID is "" for one to be added.
type Note struct {
	ID      string `json:"id,omitempty"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Color   string `json:"color"`
	Plain   bool   `json:"isPlainText"` // Text is no HTML
}

// NoteLists are the lists of notes that a user has.
func (c *client) NoteLists(ctx context.Context, login string) ([]List, error) {
	return c.lists(ctx, login, "notes")
}

// Notes reads all notes of a list.
func (c *client) Notes(ctx context.Context, login string, l List) ([]Note, error) {
	var out struct {
		Notes []Note `json:"notes"`
	}
	err := c.call(ctx, key{user: login}, get("notes", "notes/notes", l.Owner, l.ID), &out)
	return out.Notes, err
}

// PutNote adds a note, or replaces one that has an ID. It returns the ID if the server tells it.
func (c *client) PutNote(ctx context.Context, login string, l List, n Note) (string, error) {
	r := post("note-put", n, "notes/note-put", l.ID, l.Owner)
	if n.ID != "" {
		r = post("note-patch", n, "notes/note-patch", n.ID, l.ID, l.Owner)
	}
	r.harmful = true
	var out struct {
		ID string `json:"id"`
	}
	if err := c.call(ctx, key{user: login}, r, &out); err != nil {
		return "", err
	}
	if n.ID != "" {
		return n.ID, nil
	}
	return out.ID, nil
}

// DeleteNote removes a note.
func (c *client) DeleteNote(ctx context.Context, login string, l List, id string) error {
	if id == "" {
		return backfill.ErrNotOffered
	}
	r := post("note-delete", nil, "notes/note-delete", id, l.ID, l.Owner)
	r.harmful = true
	return c.call(ctx, key{user: login}, r, nil)
}
