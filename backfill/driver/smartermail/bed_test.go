package smartermail

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crossfade/backfill"
	"crossfade/internal/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	adminName   = "admin"
	adminSecret = "admin-secret"
)

// bed is a stand-in with two domains, and a client of it.
func bed(t *testing.T, o standin.Options) (*standin.Server, *client) {
	t.Helper()
	s := standin.Start(t, o)
	s.Directory.AddDomain(standin.Domain{Name: "example.com", Locale: "en", MinPassword: 8, Digit: true})
	s.Directory.AddDomain(standin.Domain{Name: "other.example", Locale: "de"})
	s.Directory.AddMailbox(standin.Mailbox{Email: "boss@example.com", Password: "boss-secret-1", DomainAdmin: true})
	return s, clientOf(t, s, adminName, adminSecret)
}

func clientOf(t *testing.T, s *standin.Server, user, secret string) *client {
	t.Helper()
	c, err := newClient(Options{URL: s.API.URL, User: user, Secret: secret, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// every runs a test against each kind of server.
func every(t *testing.T, do func(t *testing.T, o standin.Options)) {
	t.Helper()
	for name, o := range map[string]standin.Options{
		"2023":            standin.V2023(),
		"13":              standin.V13(),
		"400":             {API: standin.APIOptions{Refusal: standin.Refusal400}},
		"blanks":          {API: standin.APIOptions{Blank: true}},
		"old blanks":      {API: standin.APIOptions{Blank: true, OldPaths: true}},
		"through admin":   {API: standin.APIOptions{NoManageDomain: true}},
		"echoes":          {API: standin.APIOptions{Echo: true}},
		"rules by folder": {API: standin.APIOptions{CleanStyle: standin.CleanObject}},
	} {
		t.Run(name, func(t *testing.T) { do(t, o) })
	}
}

// wantError looks at an error's scope and code, and that it holds none of these secrets.
func wantError(t *testing.T, err error, scope backfill.Scope, code string, secrets ...string) *backfill.Error {
	t.Helper()
	var e *backfill.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want one with %q", err, code)
	}
	if e.Scope != scope || e.Code != code {
		t.Errorf("error %v: scope %d code %q, want %d %q", err, e.Scope, e.Code, scope, code)
	}
	for _, s := range append(secrets, adminSecret) {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error %q holds a secret", err)
		}
	}
	return e
}
