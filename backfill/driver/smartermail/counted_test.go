package smartermail

import (
	"sync"
	"testing"
	"time"

	"crossfade/internal/standin"
)

// told counts what a client tells of its logins.
type told struct {
	mu           sync.Mutex
	failed, well int
}

func (n *told) listen(c *client) {
	c.TellLogins(func(_ string, failed bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if failed {
			n.failed++
		} else {
			n.well++
		}
	})
}

// TestCounted: whatever the server counts as a failed login is told, on every kind of server, and nothing that it does not
// count but logins whose answer was lost.
func TestCounted(t *testing.T) {
	wrong := func(*testing.T, *standin.Server) string { return "wrong-secret" }
	fault := func(path string, f standin.Fault) func(*testing.T, *standin.Server) string {
		f.Path, f.Times = path, 1
		return func(_ *testing.T, s *standin.Server) string { s.API.Break(f); return adminSecret }
	}
	for name, c := range map[string]struct {
		prepare      func(t *testing.T, s *standin.Server) string
		failed, well int
		lost         int // failures that the server did not count, though it might have
	}{
		"well":       {func(*testing.T, *standin.Server) string { return adminSecret }, 0, 1, 0},
		"wrong":      {wrong, 1, 0, 0},
		"cut before": {fault("authenticate-user", standin.Fault{}), 1, 0, 1},
		"cut after":  {fault("authenticate-user", standin.Fault{After: true}), 1, 0, 1},
		"503":        {fault("authenticate-user", standin.Fault{Status: 503}), 0, 0, 0},
		"429":        {fault("authenticate-user", standin.Fault{Status: 429}), 0, 0, 0},
		"404":        {fault("authenticate-user", standin.Fault{Status: 404}), 0, 0, 0},
		"a web page": {fault("authenticate-user", standin.Fault{Status: 200}), 0, 0, 0},
		"403 a page": {fault("authenticate-user", standin.Fault{Status: 403}), 1, 0, 1},
		"half": {func(_ *testing.T, s *standin.Server) string {
			s.API.AddAdmin(standin.Admin{Name: adminName, Password: adminSecret, TwoFactor: true})
			return adminSecret
		}, 0, 1, 0},
		"not there": {func(_ *testing.T, s *standin.Server) string { s.API.Stop(); return adminSecret }, 0, 0, 0},
		"no impersonation": {func(_ *testing.T, s *standin.Server) string {
			s.API.Set(func(o *standin.APIOptions) { o.NoImpersonation = true })
			return adminSecret
		}, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			every(t, func(t *testing.T, o standin.Options) {
				s, _ := bed(t, o)
				cl := clientOf(t, s, adminName, c.prepare(t, s))
				var n told
				n.listen(cl)
				_, _ = cl.Mailbox(t.Context(), "boss@example.com") // what comes of it is others' to test
				if n.failed != c.failed || n.well != c.well {
					t.Errorf("told of %d failures and %d successes, want %d and %d", n.failed, n.well, c.failed, c.well)
				}
				if counted := s.IDS.Tally(loopback4).Total; counted != c.failed-c.lost {
					t.Errorf("the server counted %d failures, and %d were told", counted, n.failed)
				}
			})
		})
	}
}

// TestRefreshCounted: a refresh token that the server does not know any more is a failed login.
func TestRefreshCounted(t *testing.T) {
	s, c := bed(t, standin.Options{})
	var n told
	n.listen(c)
	for range 3 {
		if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
			t.Fatal(err)
		}
		s.API.Forget()
		c.keys.mu.Lock()
		k := c.keys.have[key{}]
		k.until = time.Time{}
		clear(c.keys.have)
		c.keys.have[key{}] = k
		c.keys.mu.Unlock()
	}
	if total := s.IDS.Tally(loopback4).Total; n.failed != 2 || total != 2 || n.well != 3 {
		t.Errorf("told of %d failures and %d logins, and the server counted %d failures", n.failed, n.well, total)
	}
}
