package imap_test

import (
	"errors"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

// actor is the driver of a server with a master and a user.
func actor(t *testing.T, q faults.Quirks) (*imap.Driver, *faults.Server) {
	t.Helper()
	srv := faults.Start(t, q)
	srv.Account("master", "masters word")
	srv.Account("jürgen@x.example", "his own").Create("Kunden", "")
	d, err := imap.New(imap.Options{URL: srv.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return d, srv
}

// TestLoginAs: an authorization identity opens somebody else's mailbox (RFC 4616), with and without an initial response.
func TestLoginAs(t *testing.T) {
	for name, q := range map[string]faults.Quirks{"initial": {}, "asked": {Without: []string{"SASL-IR"}}} {
		d, _ := actor(t, q)
		m, err := d.LoginAs(t.Context(), backfill.Credentials{User: "master", As: "jürgen@x.example", Secret: "masters word"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fs, err := m.Folders(t.Context())
		if err != nil || len(fs) != 2 {
			t.Errorf("%s: %v %v", name, fs, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		for _, c := range []backfill.Credentials{
			{User: "master", As: "jürgen@x.example", Secret: "a guess"},
			{User: "master", As: "nobody", Secret: "masters word"},
			{User: "master", As: "jür\x00gen", Secret: "masters word"},
		} {
			_, err := d.LoginAs(t.Context(), c)
			var e *backfill.Error
			if !errors.As(err, &e) || e.Code != "AUTHENTICATIONFAILED" || e.Scope != backfill.AccountScope || strings.Contains(err.Error(), c.Secret) {
				t.Errorf("%s, %q: %v", name, c, err)
			}
		}
	}
}

// TestNoLoginAs: a server without SASL PLAIN is told of in plain words, and is sent no password.
func TestNoLoginAs(t *testing.T) {
	d, srv := actor(t, faults.Quirks{Without: []string{"AUTH=PLAIN"}})
	_, err := d.LoginAs(t.Context(), backfill.Credentials{User: "master", As: "jürgen@x.example", Secret: "masters word"})
	var e *backfill.Error
	if !errors.As(err, &e) || e.Code != "CANNOT" || e.Scope != backfill.AccountScope || !strings.Contains(err.Error(), "AUTH=PLAIN") {
		t.Errorf("%v", err)
	}
	if n := srv.Count("LOGIN") + srv.Count("AUTHENTICATE"); n != 0 {
		t.Errorf("%d logins were tried", n)
	}
}
