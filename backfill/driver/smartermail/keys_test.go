package smartermail

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/standin"
)

// TestOneLogin: any number of callers at once make one login.
func TestOneLogin(t *testing.T) {
	s, c := bed(t, standin.Options{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.API.Count("auth/authenticate-user"); n != 1 {
		t.Errorf("%d logins for 50 callers", n)
	}
	if n := s.API.Count("manage-domain/example.com"); n != 1 {
		t.Errorf("%d tokens of one domain for 50 callers", n)
	}
}

// TestWaiterLeaves: a caller whose context ends leaves, and the login goes on for the others.
func TestWaiterLeaves(t *testing.T) {
	s, c := bed(t, standin.Options{})
	began, goOn := make(chan struct{}), make(chan struct{})
	s.API.Break(standin.Fault{Path: "authenticate-user", Times: 1, Do: func() { close(began); <-goOn }})
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.Mailbox(ctx, "boss@example.com"); first <- err }()
	<-began
	go func() { _, err := c.Mailbox(t.Context(), "boss@example.com"); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that left: %v", err)
	}
	close(goOn)
	if err := <-second; err != nil {
		t.Errorf("the other: %v", err)
	}
	if n := s.API.Count("auth/authenticate-user"); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// TestTokens: a token that is too old is refreshed; where refreshing fails there is one login more, and nothing else.
func TestTokens(t *testing.T) {
	s, c := bed(t, standin.Options{})
	ask := func(when string) {
		t.Helper()
		if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	ask("at first")
	s.API.Expire()
	ask("expired")
	if l, r := s.API.Count("authenticate-user"), s.API.Count("refresh-token"); l != 1 || r != 1 {
		t.Errorf("%d logins and %d refreshes, want one each", l, r)
	}
	s.API.Expire()
	ask("expired again") // the refresh token was another: rotation
	if l, r := s.API.Count("authenticate-user"), s.API.Count("refresh-token"); l != 1 || r != 2 {
		t.Errorf("%d logins and %d refreshes, want 1 and 2", l, r)
	}
	s.API.Forget()
	ask("forgotten")
	if l, r := s.API.Count("authenticate-user"), s.API.Count("refresh-token"); l != 2 || r != 3 {
		t.Errorf("%d logins and %d refreshes, want 2 and 3", l, r)
	}
	if n := s.IDS.Tally(loopback4).Total; n != 1 {
		t.Errorf("%d failures were counted, want the one of the refresh token that was no more", n)
	}
}

// TestRefreshCut: a refresh token whose answer was lost is dead. It is not sent again: the server would count that as a
// failed login.
func TestRefreshCut(t *testing.T) {
	s, c := bed(t, standin.Options{})
	if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
		t.Fatal(err)
	}
	s.API.Expire()
	s.API.Break(standin.Fault{Path: "refresh-token", Times: 1, After: true})
	_, err := c.Mailbox(t.Context(), "boss@example.com")
	wantError(t, err, backfill.HostScope, "")
	if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
		t.Error(err)
	}
	if n := s.IDS.Tally(loopback4).Total; n != 0 {
		t.Errorf("%d failures counted", n)
	}
}

// TestTwoProcesses: another client of the same administrator does not end this one's session.
func TestTwoProcesses(t *testing.T) {
	s, a := bed(t, standin.Options{})
	b := clientOf(t, s, adminName, adminSecret)
	for range 3 {
		for _, c := range []*client{a, b} {
			if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := s.API.Count("authenticate-user"); n != 2 {
		t.Errorf("%d logins of two clients", n)
	}
}

// TestWrongPassword: a refused password is tried once, whoever asks: the server counts it against everybody's mail.
func TestWrongPassword(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, _ := bed(t, o)
		c := clientOf(t, s, adminName, "wrong-secret")
		for range 20 {
			_, err := c.Mailbox(t.Context(), "boss@example.com")
			wantError(t, err, backfill.HostScope, "CONTACTADMIN", "wrong-secret")
			if !backfill.IsUnavailable(err) {
				t.Fatal("users would be told that their password is wrong")
			}
		}
		if n := s.API.Count("authenticate-user"); n != 1 {
			t.Errorf("the password was tried %d times", n)
		}
		if n := s.IDS.Tally(loopback4).Total; n != 1 {
			t.Errorf("%d failures counted", n)
		}
	})
}

// TestHalfLogins: a success that opens nothing is no success.
func TestHalfLogins(t *testing.T) {
	for name, c := range map[string]struct {
		admin standin.Admin
		want  string
	}{
		"second factor":   {standin.Admin{Name: adminName, Password: adminSecret, TwoFactor: true}, "second factor"},
		"password change": {standin.Admin{Name: adminName, Password: adminSecret, ChangePassword: true}, "change the password"},
	} {
		t.Run(name, func(t *testing.T) {
			s, cl := bed(t, standin.Options{})
			s.API.AddAdmin(c.admin)
			for range 3 {
				_, err := cl.Mailbox(t.Context(), "boss@example.com")
				if e := wantError(t, err, backfill.HostScope, "CONTACTADMIN"); !strings.Contains(e.Text, c.want) {
					t.Errorf("error %v does not say why", err)
				}
			}
			if n := s.API.Count("authenticate-user"); n != 1 {
				t.Errorf("%d logins", n)
			}
		})
	}
	t.Run("plain user", func(t *testing.T) {
		s, _ := bed(t, standin.Options{})
		s.Directory.AddMailbox(standin.Mailbox{Email: "joe@example.com", Password: "joe-secret-1"})
		_, err := clientOf(t, s, "joe@example.com", "joe-secret-1").Mailbox(t.Context(), "boss@example.com")
		wantError(t, err, backfill.HostScope, "NOPERM", "joe-secret-1")
	})
	t.Run("forced but not set up", func(t *testing.T) {
		s, _ := bed(t, standin.Options{})
		s.Directory.AddMailbox(standin.Mailbox{Email: "ann@example.com", Password: "ann-secret-1", DomainAdmin: true, TwoFactor: true})
		_, err := clientOf(t, s, "ann@example.com", "ann-secret-1").Mailbox(t.Context(), "boss@example.com")
		wantError(t, err, backfill.HostScope, "CONTACTADMIN", "ann-secret-1")
	})
}

// TestLife: what the server says of a token's life is believed within bounds.
func TestLife(t *testing.T) {
	for told, want := range map[string][2]time.Duration{
		"":         {8 * time.Minute, 11 * time.Minute},
		"nonsense": {8 * time.Minute, 11 * time.Minute},
		time.Now().Add(15 * time.Minute).Format(time.RFC3339):           {13 * time.Minute, 14*time.Minute + time.Second},
		time.Now().Add(1000 * time.Hour).Format(time.RFC3339):           {13 * time.Minute, 14*time.Minute + time.Second},
		time.Now().Add(-time.Hour).Format(time.RFC3339):                 {10 * time.Second, time.Minute},
		time.Now().Add(90 * time.Second).UTC().Format(time.RFC3339Nano): {20 * time.Second, time.Minute},
	} {
		if got := time.Until(life(told)); got < want[0] || got > want[1] {
			t.Errorf("%q: used for %v, want %v to %v", told, got, want[0], want[1])
		}
	}
}
