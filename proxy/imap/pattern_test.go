package imap

import (
	"testing"

	"crossfade/backfill"
)

// TestInboxIsSpelled: clients are told INBOX although a destination spells it otherwise, below it, too.
func TestInboxIsSpelled(t *testing.T) {
	for name, want := range map[string]string{"Inbox": "INBOX", "inbox/Bills": "INBOX/Bills", "Inboxes": "Inboxes", "A/Inbox": "A/Inbox"} {
		if got := newTree([]backfill.ListEntry{{Name: name}}, "/")[0].Name; got != want {
			t.Errorf("%q is told as %q, want %q", name, got, want)
		}
	}
	if got := spelled("Inbox/Bills", ""); got != "Inbox/Bills" {
		t.Errorf("without a hierarchy: %q", got)
	}
}
