package imap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

func piper(t *testing.T, f *fake) backfill.Piper {
	t.Helper()
	return startFake(t, f).(backfill.Piper)
}

// TestPipeHandsOver: capabilities are those since the login, in the server's order and spelling; nothing is said on the
// connection before it is handed over; and what the server said beyond its answer is kept.
func TestPipeHandsOver(t *testing.T) {
	for name, c := range map[string]struct{ login, capability, caps, ahead string }{
		"with the OK":             {"TAG OK [CAPABILITY imap4rev1 X-One QUOTA=RES-STORAGE] in\r\n", "", "imap4rev1 X-One QUOTA=RES-STORAGE", ""},
		"before the OK":           {"* CAPABILITY IMAP4rev1 A B\r\nTAG OK in\r\n", "", "IMAP4rev1 A B", ""},
		"asked for":               {"TAG OK in\r\n", "* CAPABILITY IMAP4rev1 C\r\nTAG OK x\r\n", "IMAP4rev1 C", ""},
		"never told":              {"TAG OK in\r\n", "TAG BAD what\r\n", "IMAP4rev1", ""},
		"what breaks a code goes": {"* CAPABILITY IMAP4rev1 A] [B C(D E\r\nTAG OK in\r\n", "", "IMAP4rev1 E", ""},
		"more than the answer":    {"TAG OK [CAPABILITY IMAP4rev1] in\r\n* OK [ALERT] quota\r\n* 3 EX", "", "IMAP4rev1", "* OK [ALERT] quota\r\n* 3 EX"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(cmd string) (string, bool) {
				switch {
				case strings.HasPrefix(cmd, "LOGIN"):
					return c.login, true
				case cmd == "CAPABILITY":
					return c.capability, true
				}
				return "", false
			}}
			p, err := piper(t, f).Pipe(t.Context(), "joe", "pw")
			if err != nil {
				t.Fatal(err)
			}
			defer p.Conn.Close()
			if got := strings.Join(p.Caps, " "); got != c.caps {
				t.Errorf("capabilities %q, want %q", got, c.caps)
			}
			rest := make([]byte, len(c.ahead)-len(p.Ahead))
			if _, err := io.ReadFull(p.Conn, rest); err != nil || string(p.Ahead)+string(rest) != c.ahead {
				t.Errorf("ahead %q and %q, want %q: %v", p.Ahead, rest, c.ahead, err)
			}
			for _, cmd := range f.cmds {
				if cmd != "CAPABILITY" && !strings.HasPrefix(cmd, "LOGIN") {
					t.Errorf("%q was said", cmd)
				}
			}
		})
	}
}

// TestPipeRefused: each error is one of a login, holds no password and leaves no connection.
func TestPipeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		greet, login string
		scope        backfill.Scope
		code         string
	}{
		"wrong password":       {"", "TAG NO [AUTHENTICATIONFAILED] no\r\n", backfill.AccountScope, "AUTHENTICATIONFAILED"},
		"a plain NO":           {"", "TAG NO no\r\n", backfill.AccountScope, "AUTHENTICATIONFAILED"},
		"busy":                 {"", "TAG NO [UNAVAILABLE] later\r\n", backfill.HostScope, "UNAVAILABLE"},
		"no password asked":    {"* PREAUTH [CAPABILITY IMAP4rev1] joe\r\n", "", backfill.HostScope, ""},
		"no IMAP":              {"220 mail\r\n", "", backfill.HostScope, ""},
		"hangs up":             {"", hangUp, backfill.HostScope, ""},
		"too many connections": {"", "TAG NO [LIMIT] too many connections\r\n", backfill.HostScope, "LIMIT"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{greet: c.greet, answer: func(cmd string) (string, bool) { return c.login, strings.HasPrefix(cmd, "LOGIN") }}
			d := piper(t, f)
			_, err := d.Pipe(t.Context(), "joe", "sesame")
			var e *backfill.Error
			if !errors.As(err, &e) || e.Scope != c.scope || e.Code != c.code {
				t.Errorf("%#v", err)
			}
			if strings.Contains(fmt.Sprint(err), "sesame") {
				t.Errorf("the password is in %v", err)
			}
			gone := func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.ended == len(f.conns) }
			for end := time.Now().Add(time.Minute); !gone() && time.Now().Before(end); time.Sleep(time.Millisecond) {
			}
			if !gone() {
				t.Error("the connection is still open")
			}
		})
	}
}

// TestPipeGivenUp: a login that nobody waits for any more ends, and one past its context leaves the connection alone.
func TestPipeGivenUp(t *testing.T) {
	silent := &fake{answer: func(cmd string) (string, bool) { return "", strings.HasPrefix(cmd, "LOGIN") }}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := piper(t, silent).Pipe(ctx, "joe", "pw"); err == nil {
		t.Error("a login that was not answered")
	}
	ctx, cancel = context.WithCancel(t.Context())
	p, err := piper(t, &fake{}).Pipe(ctx, "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Conn.Close()
	cancel()
	if _, err := io.WriteString(p.Conn, "x NOOP\r\n"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len("x OK done\r\n"))
	if _, err := io.ReadFull(p.Conn, b); err != nil || string(b) != "x OK done\r\n" {
		t.Errorf("%q %v", b, err)
	}
}

// TestPipesAreClients: they are not counted in the pool, so that many of them leave its connections to the backfill; and a
// server that lets no more of them in is not thought to let none of ours in.
func TestPipesAreClients(t *testing.T) {
	full := false
	f := &fake{}
	f.answer = func(cmd string) (string, bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return "TAG NO [LIMIT] too many connections\r\n", full && strings.HasPrefix(cmd, "LOGIN")
	}
	d := piper(t, f)
	m, err := d.Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 100 {
		p, err := d.Pipe(t.Context(), "joe", "pw")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Conn.Close()
	}
	f.mu.Lock()
	full = true
	f.mu.Unlock()
	for range 5 {
		if _, err := d.Pipe(t.Context(), "joe", "pw"); !backfill.IsUnavailable(err) {
			t.Error(err)
		}
	}
	f.mu.Lock()
	full = false
	f.mu.Unlock()
	if _, err := m.Examine(t.Context(), "INBOX"); err != nil {
		t.Error(err)
	}
	again, err := d.Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
