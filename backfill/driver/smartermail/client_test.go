package smartermail

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/standin"
)

var loopback4 = netip.MustParseAddr("127.0.0.1")

// TestRetries: what changes nothing is asked again, what changes something never.
func TestRetries(t *testing.T) {
	for name, f := range map[string]standin.Fault{
		"cut":              {},
		"cut after":        {After: true},
		"503":              {Status: 503},
		"429":              {Status: 429},
		"200 and HTML":     {Status: 200},
		"200 and no JSON":  {Body: "[1,2"},
		"a JSON list":      {Body: "[]"},
		"500 after it all": {Status: 500, After: true},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := bed(t, standin.Options{})
			if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
				t.Fatal(err)
			}
			read, write := f, f
			read.Path, read.Times = "get-user", 2
			s.API.Break(read)
			if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
				t.Errorf("reading gave up: %v", err)
			}
			write.Path, write.Times = "user-put", 1
			s.API.Break(write)
			before := s.API.Count("user-put")
			err := c.Create(t.Context(), backfill.NewMailbox{Login: "new@example.com", Secret: "new-secret-1"})
			e := wantError(t, err, backfill.HostScope, "", "new-secret-1")
			if f.Status < 400 && !errors.Is(err, backfill.ErrUncertain) {
				t.Errorf("%v does not say that it may have been done", e)
			}
			if n := s.API.Count("user-put") - before; n != 1 {
				t.Errorf("a call that makes something was made %d times", n)
			}
		})
	}
}

// TestDown: a server that is not there is HostScope, and a call that was never sent is not uncertain.
func TestDown(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	c, err := newClient(Options{URL: "http://" + addr, User: "a", Secret: "s3cret-x"})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Create(t.Context(), backfill.NewMailbox{Login: "new@example.com", Secret: "new-secret-1"})
	wantError(t, err, backfill.HostScope, "", "s3cret-x", "new-secret-1")
	if errors.Is(err, backfill.ErrUncertain) {
		t.Error("nothing was sent, and it is uncertain")
	}
}

// TestGone: a server that went away after the login was not sent a call that makes something.
func TestGone(t *testing.T) {
	s, c := bed(t, standin.Options{})
	if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
		t.Fatal(err)
	}
	s.API.Stop()
	c.http.CloseIdleConnections()
	err := c.Create(t.Context(), backfill.NewMailbox{Login: "new@example.com", Secret: "new-secret-1"})
	wantError(t, err, backfill.HostScope, "", "new-secret-1")
	if errors.Is(err, backfill.ErrUncertain) {
		t.Error("nothing was sent, and it is uncertain")
	}
}

// TestSilent: a server that says nothing is waited for as long as the options say.
func TestSilent(t *testing.T) {
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	defer func() { close(end); s.Close() }()
	c, err := newClient(Options{URL: s.URL, User: "a", Secret: "s3cret-x", Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	_, err = c.Mailbox(t.Context(), "joe@example.com")
	wantError(t, err, backfill.HostScope, "", "s3cret-x")
}

// TestLongAnswer: an answer without end is not read to its end.
func TestLongAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"version":"`))
		line := []byte(strings.Repeat("x", 1<<16))
		for {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	c, err := newClient(Options{URL: s.URL, User: "a", Secret: "s3cret-x"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	if _, err = c.once(t.Context(), get("about", "licensing/about"), ""); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v", err)
	}
}

// TestRedirect: nobody is followed to another place with a password.
func TestRedirect(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	c, err := newClient(Options{URL: s.URL, User: "a", Secret: "s3cret-x"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	if _, err := c.Mailbox(t.Context(), "joe@example.com"); err == nil || asked != 0 {
		t.Errorf("error %v, and the other place was asked %d times", err, asked)
	}
}

// TestBlocked: an address that the server has blocked is a server that is down, not a password that is wrong.
func TestBlocked(t *testing.T) {
	s, c := bed(t, standin.Options{})
	for range 25 {
		s.IDS.Failed(loopback4)
	}
	_, err := c.Mailbox(t.Context(), "boss@example.com")
	wantError(t, err, backfill.HostScope, "")
}

func TestURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://mail.example.com":                  true,
		"https://mail.example.com:8443/mail/":       true,
		"https://mail.example.com/api/v1":           true,
		"https://mail.example.com?tls=skip-verify":  true,
		"http://127.0.0.1:9998":                     true,
		"http://localhost":                          true,
		"http://mail.example.com":                   false,
		"https://admin:geheim@mail.example.com":     false,
		"ftp://mail.example.com":                    false,
		"mail.example.com":                          false,
		"https://mail.example.com?tls=pin:00":       false,
		"https://mail.example.com?tls=off":          false,
		"https://mail.example.com?user=x":           false,
		"http://127.0.0.1?tls=skip-verify":          false,
		"https://mail.example.com/#geheim":          false,
		"https://geheim@[::1":                       false,
		"https://mail.example.com?tls=pin:geheim":   false,
		"https://mail.example.com?tls=x&tls=geheim": false,
	} {
		_, err := newClient(Options{URL: url, User: "a", Secret: "b"})
		if (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("the error %q repeats what may be a password", err)
		}
	}
	base, _, err := parseURL(Options{URL: "https://mail.example.com/mail/"})
	if err != nil || base != "https://mail.example.com/mail/api/v1/" {
		t.Errorf("base %q, %v", base, err)
	}
}

// TestScrub: whatever a server repeats of a secret is not repeated again.
func TestScrub(t *testing.T) {
	for _, c := range []struct {
		said, secret, want string
	}{
		{"USER_ADD_ERROR_PASSWORD_TOO_SHORT", "abc", "USER_ADD_ERROR_PASSWORD_TOO_SHORT"},
		{"bad password abcdef", "abcdef", notRepeated},
		{"bad password ABCDEF", "abcdef", notRepeated},
		{"bad password p&lt;w", "p<w", notRepeated},
		{"bad password p%3Cw", "p<w", notRepeated},
		{"bad password p\\u003cw", "p<w", notRepeated},
		{"bad\r\npassword \x00", "p<w", "bad password"},
		{strings.Repeat("word ", 100), "geheim", strings.Repeat("word ", 40) + "..."},
	} {
		if got := scrub(c.said, c.secret); got != c.want {
			t.Errorf("%q: %q, want %q", c.said, got, c.want)
		}
	}
}
