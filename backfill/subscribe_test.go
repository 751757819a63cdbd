package backfill

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill/gate"
)

// unsubscribing is a move to a server that subscribes nothing: without messages nothing else is left to be done in Kunden.
func unsubscribing(t *testing.T, messages int, no error) *bed {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 2)
	many(b.src.boxes["INBOX.Kunden"], messages)
	b.dst.noSub = no
	b.start(false)
	b.login()
	b.eventually(func() error {
		b.account().kick()
		if !b.got("SUBSCRIBE Kunden") {
			return errors.New("it was not told to subscribe")
		}
		return nil
	})
	return b
}

// got tells whether the new server got a command.
func (b *bed) got(command string) bool {
	b.dst.mu.Lock()
	defer b.dst.mu.Unlock()
	return slices.Contains(b.dst.writes, command)
}

// TestSubscriptionRefused: a server that subscribes nothing keeps no mail from being moved, and the admin is told.
func TestSubscriptionRefused(t *testing.T) {
	b := unsubscribing(t, 1, &Error{Op: "SUBSCRIBE", Host: "new", Scope: FolderScope, Patience: Never, Text: "not here"})
	b.wait()
	b.holds("Kunden", lines(b.see(b.open(b.login(), "Kunden")))...)
	if n := len(b.dst.has("Kunden")); n != 1 {
		t.Errorf("%d messages", n)
	}
	for _, f := range b.e.Status().Accounts[0].Folders {
		if told := strings.Contains(f.Note, "not here"); told != (f.Folder == "Kunden") {
			t.Errorf("%s: %q", f.Folder, f.Note)
		}
	}
	b.dst.set(func() { b.dst.noSub = nil })
	b.eventually(func() error { // and what it takes later is carried over
		must(t, b.account().byShownName("Kunden").refresh(t.Context(), 0))
		if got := b.account().byShownName("Kunden").record(); !got.Subscribed {
			return fmt.Errorf("%+v", got)
		}
		return nil
	})
	if f := b.account().byShownName("Kunden"); f.note() != "" {
		t.Errorf("still told: %s", f.note())
	}
}

// TestSubscriptionUnderWay: while a subscription is still to be carried over the move is not done.
func TestSubscriptionUnderWay(t *testing.T) {
	b := unsubscribing(t, 0, &Error{Op: "SUBSCRIBE", Host: "new", Scope: FolderScope, Patience: Now, Err: errors.New("cut off")})
	// What the new server has is not known to the move at once: for a moment the other folders are in flight as well.
	b.eventually(func() error {
		if n := len(b.dst.has("INBOX")); n != 2 {
			return fmt.Errorf("%d messages", n)
		}
		_, by := b.asked(gate.Options{})
		if c := by["in flight"]; c.Colour != gate.Yellow || len(c.Items) != 1 || !strings.HasPrefix(c.Items[0], "Ann@example.test: Kunden") {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	f := b.account().byShownName("Kunden")
	var s sums
	if g := f.glance(&s, nil); b.e.Status().Done || g.state == folderCopied {
		t.Errorf("it counts as done: %v", g.state)
	}
	b.dst.set(func() { b.dst.noSub = nil })
	b.eventually(func() error {
		b.account().kick()
		if r := b.e.Status(); !r.Done {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	if !b.dst.boxes["Kunden"].sub || !f.record().Subscribed {
		t.Error("it is not subscribed")
	}
}
