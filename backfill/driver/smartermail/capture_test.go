package smartermail_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/durable"
	"crossfade/internal/faults"
	"crossfade/internal/standin"
	"crossfade/store"
	"crossfade/store/memory"
)

// capturing is an engine whose source decides about logins, between a server of the fault server's kind and a stand-in, whose
// mailboxes are made on the mail server as the API makes them.
func capturing(t *testing.T) (e *backfill.Engine, old *faults.Server, api *standin.Server) {
	t.Helper()
	old = faults.Start(t, faults.Quirks{})
	d, mail, api := joined(t, faults.Quirks{XList: true}, standin.Options{})
	api.Directory.AddDomain(standin.Domain{Name: "example.com", MinPassword: 8})
	api.Directory.OnMade(func(m standin.Mailbox) {
		box := mail.Account(m.Email, m.Password)
		sent := map[string]string{"de": "Gesendete Elemente", "en": "Sent Items"}[m.Locale]
		box.Create(sent, `\Sent`)
	})
	source, err := imap.New(imap.Options{URL: old.URL()})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	e, err = backfill.New(backfill.Options{Source: source, Destination: d, Store: st, Mode: backfill.Capture, Hold: true, Spool: durable.NewSpool(t.TempDir(), durable.Floor)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; _ = st.Close() })
	return e, old, api
}

// TestCapture: users log in with their old passwords for the first time; each has a mailbox with that password in the
// language of the old one, and sees all mail at once. No login fails anywhere.
func TestCapture(t *testing.T) {
	e, old, api := capturing(t)
	for i := range 3 {
		name := fmt.Sprintf("user%d@example.com", i)
		box := old.Account(name, "old secret "+name)
		for _, folder := range []string{"Gesendete Elemente", "Papierkorb", "Entw&APw-rfe"} {
			box.Create(folder, "")
		}
		for k := range 5 {
			box.Add("INBOX", faults.Message{Body: fmt.Appendf(nil, "Subject: %d\r\nMessage-ID: <%d.%d@x>\r\n\r\nbody\r\n", k, i, k)})
		}
		for range 2 { // the first time, and when all is there
			s, err := e.Login(t.Context(), name, "old secret "+name)
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Open(t.Context(), "INBOX", true)
			if err != nil {
				t.Fatal(err)
			}
			if n := m.Status().Messages; n != 5 {
				t.Errorf("%s sees %d messages", name, n)
			}
			m.Close()
			_ = s.Close()
		}
		if made, ok := api.Directory.Mailbox(name); !ok || made.Password != "old secret "+name || made.Locale != "de" {
			t.Errorf("made %+v", made)
		}
	}
	if n := api.API.Count("user-put"); n != 3 {
		t.Errorf("%d mailboxes were made for three users", n)
	}
	if n := api.API.Count("authenticate-user"); n != 1 {
		t.Errorf("%d logins at the API", n)
	}
}

// TestOwnLoginsCount: failed logins of the API's own user are counted together with those of users, as the server does, and
// leave them less.
func TestOwnLoginsCount(t *testing.T) {
	e, old, api := capturing(t)
	api.API.AddAdmin(standin.Admin{Name: "admin", Password: "another one"})
	for i := range 4 {
		name := fmt.Sprintf("user%d@example.com", i)
		old.Account(name, "old secret "+name)
		if s, err := e.Login(t.Context(), name, "old secret "+name); err == nil {
			_ = s.Close()
			t.Errorf("%s got in without a mailbox", name)
		}
	}
	counted := api.IDS.Tally(netip.MustParseAddr("127.0.0.1")).Total
	if counted != 1 {
		t.Errorf("the server counted %d failures of the API", counted)
	}
	refused := 4 // by the mail server, which counts for itself here
	for _, l := range e.Status().Logins {
		if l.Side == "destination" && l.Failures == refused+counted {
			return
		}
	}
	t.Errorf("told are %+v, want %d failures at the destination", e.Status().Logins, refused+counted)
}

// TestCaptureRefused: a stranger, a password that the policy refuses, and a mailbox that was there before with another
// password: nobody gets in, nothing is made, no password changes.
func TestCaptureRefused(t *testing.T) {
	e, old, api := capturing(t)
	old.Account("weak@example.com", "short")
	old.Account("joe@example.com", "old and leaked")
	old.Account("info@example.com", "old secret 1")
	api.Directory.AddAlias("info@example.com", "joe@example.com")
	for _, c := range []struct{ name, secret string }{
		{"nobody@example.com", "whatever 1"}, {"weak@example.com", "guessed wrong"}, {"weak@example.com", "short"},
		{"joe@example.com", "old and leaked"}, {"info@example.com", "old secret 1"},
	} {
		s, err := e.Login(t.Context(), c.name, c.secret)
		if err == nil {
			_ = s.Close()
			t.Errorf("%s got in with %q", c.name, c.secret)
		}
		if errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"nobody@example.com", "weak@example.com", "info@example.com"} {
		if m, ok := api.Directory.Mailbox(name); ok {
			t.Errorf("there is a mailbox %+v", m)
		}
	}
	if joe, _ := api.Directory.Mailbox("joe@example.com"); joe.Password != "pass word" {
		t.Error("joe's password is another")
	}
}
