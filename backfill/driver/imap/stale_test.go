package imap_test

import (
	"strings"
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

// TestConnectionOfADeletedMailbox: a mailbox is deleted and made again by somebody else. What Dovecot then says to the
// connection that had it open is true of that connection only.
func TestConnectionOfADeletedMailbox(t *testing.T) {
	for name, said := range map[string]string{
		"farewell": "* BYE IMAP session state is inconsistent, please relogin.\r\n",
		"refusal":  "TAG NO Mailbox was deleted under us (0.058 + 0.000 + 0.057 secs).\r\n",
		"trouble":  "TAG NO [SERVERBUG] Internal error occurred. Refer to server log for more information.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			opened, left := 0, false
			f := &fake{}
			f.answer = func(cmd string) (string, bool) {
				if strings.HasPrefix(cmd, "EXAMINE") {
					opened++
				}
				if bye := name == "farewell"; !left && (opened > 0 && bye && cmd == "NOOP" || opened == 2 && !bye) {
					left = true
					return said, true
				}
				return "", false
			}
			m := loginFake(t, f)
			for range 3 {
				st, err := m.Examine(t.Context(), "INBOX")
				if err == nil {
					_, err = m.Poll(t.Context(), "INBOX", st)
				}
				if err == nil {
					_, err = m.Poll(t.Context(), "INBOX", st)
				}
				if err != nil || st.UIDValidity != 7 {
					t.Fatalf("%+v %v", st, err)
				}
			}
			if n := f.logins(); n != 2 {
				t.Errorf("%d logins, want one more", n)
			}
		})
	}
}

// TestNoConnectionOutlivesADeletedMailbox: a server's process that had the mailbox open may take the next one of that name
// for it.
func TestNoConnectionOutlivesADeletedMailbox(t *testing.T) {
	f := &fake{}
	m := loginFake(t, f)
	for i, change := range []func() error{
		func() error { return m.Delete(t.Context(), "Gone") },
		func() error { return m.Rename(t.Context(), "Gone", "Elsewhere") },
	} {
		if _, err := m.Examine(t.Context(), "Gone"); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if n := f.logins(); n != i+1 {
			t.Errorf("%d logins before the next use, want %d", n, i+1)
		}
		if _, err := m.Examine(t.Context(), "Gone"); err != nil {
			t.Fatal(err)
		}
		if n := f.logins(); n != i+2 {
			t.Errorf("%d logins, want %d: the old connection is used again", n, i+2)
		}
	}
}

// TestAppendAfterADelete: a server that means the mailbox that had this name before is asked again over a new connection,
// once, and only after a clear NO to all of it.
func TestAppendAfterADelete(t *testing.T) {
	const under = "TAG NO Mailbox was deleted under us (0.058 + 0.000 + 0.057 secs).\r\n"
	for _, tt := range []struct {
		name    string
		answers []string
		deleted bool
		tries   int
		taken   bool
	}{
		{"once", []string{under, "TAG OK [APPENDUID 7 3] x\r\n"}, true, 2, true},
		{"for ever", []string{under, under, under}, true, 2, false},
		{"another reason", []string{"TAG NO [TOOBIG] x\r\n"}, true, 1, false},
		{"nothing was deleted", []string{under}, false, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tries := 0
			f := &fake{}
			f.answer = func(cmd string) (string, bool) {
				if !strings.HasPrefix(cmd, "APPEND") {
					return "", false
				}
				tries++
				return tt.answers[tries-1], true
			}
			w := loginFake(t, f)
			if tt.deleted {
				if err := w.Delete(t.Context(), "Work"); err != nil {
					t.Fatal(err)
				}
			}
			res, err := w.Append(t.Context(), "Work", small(1))
			if taken := err == nil && len(res) == 1 && res[0].Err == nil && res[0].UID == 3; taken != tt.taken || tries != tt.tries {
				t.Errorf("%d tries: %+v %v", tries, res, err)
			}
		})
	}
}
