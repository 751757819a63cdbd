package imap_test

import (
	"testing"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

// TestPollOnAStaleConnection: a connection knows UIDNEXT from its SELECT. What others have seen since is no sign that
// the mailbox went back.
func TestPollOnAStaleConnection(t *testing.T) {
	s := faults.Start(t, faults.Quirks{})
	joe := s.Account("joe", "secret")
	m, _ := listener(t, s, imap.Options{})
	all := backfill.Scan{UIDs: goimap.UIDSet{{Start: 1, Stop: 100}}} // no full listing: it makes no connection the one that polls
	scan := func() backfill.BoxState {
		t.Helper()
		st, err := m.Scan(t.Context(), "INBOX", all, func(backfill.Entry) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	joe.Add("INBOX", faults.Message{Body: []byte("Subject: a\r\n\r\nb\r\n")})
	scan()
	joe.Add("INBOX", faults.Message{Body: []byte("Subject: b\r\n\r\nb\r\n")})
	prev := scan()
	if prev.UIDNext != 3 {
		t.Fatalf("UIDNEXT %d, want 3", prev.UIDNext)
	}
	news, err := m.Poll(t.Context(), "INBOX", prev)
	if err != nil || news.UIDValidityDiffers || news.New {
		t.Errorf("%+v %v, want nothing new", news, err)
	}
}
