package smartermail

import (
	"context"

	"crossfade/backfill"
)

// Task is one task. ID is "" for one to be added. Start, Due and Reminder are times as the server writes them; "" is none.
type Task struct {
	ID          string  `json:"id,omitempty"`
	Subject     string  `json:"subject"`
	Description string  `json:"description"`
	Percent     float64 `json:"percentComplete"`
	Start       string  `json:"start,omitempty"`
	Due         string  `json:"due,omitempty"`
	Reminder    string  `json:"reminder,omitempty"`
	ReminderSet bool    `json:"reminderSet"`
	UseDateTime bool    `json:"useDateTime"`
	ListID      string  `json:"sourceId"`
	Owner       string  `json:"sourceOwner"`
}

// TaskLists are the lists of tasks that a user has.
func (c *client) TaskLists(ctx context.Context, login string) ([]List, error) {
	return c.lists(ctx, login, "tasks")
}

// Tasks reads all tasks of a list.
func (c *client) Tasks(ctx context.Context, login string, l List) ([]Task, error) {
	var out struct {
		Details []Task `json:"details"`
	}
	err := c.call(ctx, key{user: login}, get("tasks", "tasks", l.Owner, l.ID), &out)
	return out.Details, err
}

// SaveTask adds a task to a list, or replaces the one of its ID. The server does not tell the ID of a new one.
func (c *client) SaveTask(ctx context.Context, login string, l List, t Task) error {
	t.ListID, t.Owner = l.ID, l.Owner
	r := post("tasks-save", []Task{t}, "tasks/save")
	r.harmful = true
	return c.call(ctx, key{user: login}, r, nil)
}

// DeleteTask removes a task.
func (c *client) DeleteTask(ctx context.Context, login string, l List, id string) error {
	if id == "" {
		return backfill.ErrNotOffered
	}
	r := post("tasks-delete", []map[string]string{{"sourceId": l.ID, "sourceOwner": l.Owner, "id": id}}, "tasks/delete")
	r.harmful = true
	return c.call(ctx, key{user: login}, r, nil)
}
