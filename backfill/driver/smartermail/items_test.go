package smartermail

import (
	"testing"

	"crossfade/backfill"
	"crossfade/internal/standin"
)

// TestNotes: a note goes there and back, changes and goes.
func TestNotes(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, c := bed(t, o)
		s.Directory.AddMailbox(standin.Mailbox{Email: "joe@example.com"})
		ctx, joe := t.Context(), "joe@example.com"
		lists, err := c.NoteLists(ctx, joe)
		if err != nil || len(lists) != 1 || lists[0].Owner != "joe" {
			t.Fatalf("lists %v, %v", lists, err)
		}
		l := lists[0]
		n := Note{Subject: "caf\u00e9", Text: "a <b>\n\"c\"", Color: "yellow", Plain: true}
		if n.ID, err = c.PutNote(ctx, joe, l, n); err != nil || n.ID == "" {
			t.Fatalf("%q, %v", n.ID, err)
		}
		want := func(wants ...Note) {
			t.Helper()
			got, err := c.Notes(ctx, joe, l)
			if err != nil || len(got) != len(wants) || len(wants) == 1 && got[0] != wants[0] {
				t.Errorf("notes %+v, %v, want %+v", got, err, wants)
			}
		}
		want(n)
		n.Text, n.Plain = "other", false
		if _, err := c.PutNote(ctx, joe, l, n); err != nil {
			t.Fatal(err)
		}
		want(n)
		if err := c.DeleteNote(ctx, joe, l, n.ID); err != nil {
			t.Fatal(err)
		}
		want()
		if err := c.DeleteNote(ctx, joe, l, n.ID); err == nil {
			t.Error("deleted twice")
		}
		if boss, err := c.Notes(ctx, "boss@example.com", List{Owner: "joe", ID: l.ID}); err == nil {
			t.Errorf("another's notes: %v", boss)
		}
	})
}

// TestTasks: likewise.
func TestTasks(t *testing.T) {
	s, c := bed(t, standin.Options{})
	s.Directory.AddMailbox(standin.Mailbox{Email: "joe@example.com"})
	ctx, joe := t.Context(), "joe@example.com"
	lists, err := c.TaskLists(ctx, joe)
	if err != nil || len(lists) != 1 {
		t.Fatalf("lists %v, %v", lists, err)
	}
	l := lists[0]
	task := Task{Subject: "buy milk", Description: "two", Percent: 50, Due: "2026-12-01T00:00:00Z", ListID: l.ID, Owner: l.Owner}
	if err := c.SaveTask(ctx, joe, l, task); err != nil {
		t.Fatal(err)
	}
	got, err := c.Tasks(ctx, joe, l)
	if err != nil || len(got) != 1 {
		t.Fatalf("tasks %+v, %v", got, err)
	}
	task.ID = got[0].ID
	if got[0] != task {
		t.Errorf("task %+v, want %+v", got[0], task)
	}
	task.Percent = 100
	if err := c.SaveTask(ctx, joe, l, task); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Tasks(ctx, joe, l); err != nil || len(got) != 1 || got[0] != task {
		t.Errorf("tasks %+v, %v", got, err)
	}
	if err := c.DeleteTask(ctx, joe, l, task.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Tasks(ctx, joe, l); err != nil || len(got) != 0 {
		t.Errorf("tasks %+v, %v", got, err)
	}
	for _, err := range []error{c.DeleteTask(ctx, joe, l, ""), c.DeleteNote(ctx, joe, l, "")} {
		if err != backfill.ErrNotOffered {
			t.Errorf("something without a number was deleted: %v", err)
		}
	}
}
