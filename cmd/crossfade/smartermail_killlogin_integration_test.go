//go:build integration

package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/standin"
	"crossfade/internal/syncwatch"
	"crossfade/internal/testbed"
)

// making is an old server whose users change their passwords, a stand-in for SmarterMail, and a proxy that makes mailboxes.
type making struct {
	t     *testing.T
	old   *faults.Server
	dest  *standin.Server
	proxy *proxyProcess

	mu    sync.Mutex
	is    map[string]string // passwords on the old server
	users int
}

// TestKilledWhileMailboxIsMade: the proxy is killed at each moment of making a mailbox and of giving it its user's new
// password. At the next login the mailbox is there once, with the password that the old server takes now; one that somebody
// else has made or given another password meanwhile is left alone.
func TestKilledWhileMailboxIsMade(t *testing.T) {
	t.Parallel()
	b := newMaking(t)
	for _, d := range deathsInLogin(b.dest) {
		u := b.user("one")
		b.killed(u, "one", d)
		b.in(u, "one", d.name)
		for _, changed := range []bool{false, true} {
			u := b.user("one")
			b.killed(u, "one", d)
			if changed { // before the next login
				b.change(u, "two")
				b.in(u, "two", d.name+", and with another password")
				continue
			}
			if _, made := b.dest.Directory.Mailbox(u); made {
				b.dest.Directory.Change(u, func(m *standin.Mailbox) { m.Password = "foreign" })
			} else {
				b.dest.Directory.AddMailbox(standin.Mailbox{Email: u, Password: "foreign"})
			}
			b.out(u, "one", d.name+", and somebody else has it")
		}
	}
	for _, d := range []death{
		{"before the new password", func(dies func()) { b.dest.API.Break(standin.Fault{Path: "post-user", Times: 1, Do: dies, Status: 503}) }},
		{"behind the new password", func(dies func()) { b.dest.API.Break(standin.Fault{Path: "post-user", Times: 1, Do: dies, After: true}) }},
	} {
		for _, then := range []string{"two", "three", "foreign"} {
			u := b.user("one")
			b.in(u, "one", "at first")
			b.change(u, "two")
			b.killed(u, "two", d)
			if then == "foreign" {
				b.dest.Directory.Change(u, func(m *standin.Mailbox) { m.Password = then })
				b.out(u, "two", d.name+", and somebody else has it")
				continue
			}
			b.change(u, then)
			b.in(u, then, d.name+", then "+then)
		}
	}
	tally := b.dest.IDS.Tally(netip.MustParseAddr("127.0.0.1"))
	t.Logf("the new server counted %d failed logins for %d users, %d within 10 minutes", tally.Total, b.users, tally.Peak)
	b.proxy.stop(t)
}

// TestKilledAtEachNote: the proxy is killed behind chosen writes of its journal, while users log in for the first time.
// CROSSFADE_TEST_KILLS/5 is how often.
func TestKilledAtEachNote(t *testing.T) {
	t.Parallel()
	b := newMaking(t)
	seed := uint64(number(t, "CROSSFADE_TEST_SEED", int(time.Now().UnixNano())))
	t.Logf("seed %d", seed)
	random, reached := rand.New(rand.NewPCG(seed, 0)), 0
	kills := number(t, "CROSSFADE_TEST_KILLS", 20)/5 + 1
	for range kills {
		b.proxy.kill()
		cmd := exec.Command("crossfade", b.proxy.args...)
		ended := make(chan error, 1)
		go func() {
			hit, err := syncwatch.KillAfter(cmd, b.proxy.state, 1+random.IntN(60), time.Minute)
			if hit {
				reached++
			}
			ended <- err
		}()
		var tried []string
		for {
			if nc, err := net.Dial("tcp", b.proxy.imap); err == nil {
				_ = nc.Close()
				u := b.user("one")
				tried = append(tried, u)
				_, _ = b.try(u, "one") // it may be killed
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(20 * time.Millisecond):
				continue
			}
			break
		}
		b.proxy.start(t)
		for _, u := range tried {
			b.in(u, "one", "at a note")
		}
	}
	if t.Logf("%d kills, %d users", reached, b.users); reached != kills {
		t.Errorf("%d of %d kills came", reached, kills)
	}
	if tally := b.dest.IDS.Tally(netip.MustParseAddr("127.0.0.1")); tally.Total > 0 {
		t.Errorf("the new server counted %d failed logins", tally.Total)
	}
	b.proxy.stop(t)
}

func newMaking(t *testing.T) *making {
	t.Helper()
	b := &making{t: t, is: map[string]string{}}
	b.old = faults.StartWith(t, faults.Quirks{}, faults.Hooks{Login: func(_ net.Conn, user, pass string) (name, refusal string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.is[user] != pass || pass == "" {
			return "", "NO [AUTHENTICATIONFAILED] no"
		}
		return user, ""
	}})
	b.dest = standin.Start(t, standin.Options{IDS: standin.IDSOptions{Rules: []standin.IDSRule{}}})
	b.dest.Directory.AddDomain(standin.Domain{Name: "example.test"})
	state, password := t.TempDir(), filepath.Join(t.TempDir(), "api-password")
	if err := os.WriteFile(password, []byte("admin-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.proxy = &proxyProcess{state: state, imap: testbed.FreePort(t), admin: testbed.FreePort(t)}
	b.proxy.args = []string{"serve", "--source", b.old.URL(), "--destination", b.dest.IMAP.URL(), "--imap", b.proxy.imap, "--admin", b.proxy.admin, "--state", state,
		"--destination-api", b.dest.API.URL, "--destination-api-user", "admin", "--destination-api-password-file", password, "--login-mode", "capture"}
	b.proxy.start(t)
	return b
}

// user is somebody new.
func (b *making) user(secret string) string {
	u := fmt.Sprintf("user%d@example.test", b.users)
	b.users++
	b.change(u, secret)
	b.old.Account(u, "").Add("INBOX", faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%s>\r\n\r\nfor %s\r\n", u, u)})
	return u
}

func (b *making) change(user, secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.is[user] = secret
}

func (b *making) try(user, secret string) (string, error) {
	return tryLogin(b.t.Context(), netip.MustParseAddr("127.0.0.1"), b.proxy.imap, user, secret)
}

// killed is a login in which the proxy dies, and its next life. A user who is told to try again later does.
func (b *making) killed(user, secret string, d death) {
	b.t.Helper()
	dies, died := b.proxy.mortal()
	d.arm(dies)
	said, err := b.try(user, secret)
	for try := 1; try < 5 && strings.Contains(said, "[UNAVAILABLE]"); try++ {
		b.t.Logf("killed %s: %s is told %q", d.name, user, said)
		time.Sleep(time.Second)
		said, err = b.try(user, secret)
	}
	select {
	case <-died:
	default:
		b.t.Fatalf("killed %s: it was not; the login was told %q, %v\n%s", d.name, said, err, b.proxy.said)
	}
	b.dest.IMAP.Unscript()
	b.proxy.kill()
	b.proxy.start(b.t)
}

// in wants a login that gets in, and one mailbox, with its password.
func (b *making) in(user, secret, when string) {
	b.t.Helper()
	if said, err := b.try(user, secret); err != nil || !strings.HasPrefix(said, "a OK") {
		b.t.Errorf("killed %s: %s is told %q, %v\n%s", when, user, said, err, b.proxy.said)
	}
	if m, ok := b.dest.Directory.Mailbox(user); !ok || m.Password != secret {
		b.t.Errorf("killed %s: a mailbox %v, with the password %q, want %q", when, ok, m.Password, secret)
	}
}

// out wants a login that does not get in, and changes nothing.
func (b *making) out(user, secret, when string) {
	b.t.Helper()
	before := len(b.dest.IMAP.Account(user).Messages("INBOX"))
	for range 2 {
		if said, err := b.try(user, secret); err != nil || strings.HasPrefix(said, "a OK") {
			b.t.Errorf("killed %s: %s is told %q, %v", when, user, said, err)
		}
	}
	if m, _ := b.dest.Directory.Mailbox(user); m.Password != "foreign" {
		b.t.Errorf("killed %s: the foreign mailbox has the password %q", when, m.Password)
	}
	if n := len(b.dest.IMAP.Account(user).Messages("INBOX")); n != before {
		b.t.Errorf("killed %s: %d messages were in a foreign mailbox that had %d", when, n, before)
	}
}
