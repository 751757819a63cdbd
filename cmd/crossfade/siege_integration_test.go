//go:build integration

package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossfade/internal/standin"
)

// TestSiege: passwords are guessed at from 500 addresses and, many at once, from one, for known users and for made-up names,
// while users log in for the first time and again. All of them get in; nobody else does; the new server's own counter of
// failed logins stays below its first threshold; no mailbox is made but for those who logged in, and none is given another
// password.
func TestSiege(t *testing.T) {
	for _, mode := range []string{"capture", "destination-first"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			siege(t, mode)
		})
	}
}

func siege(t *testing.T, mode string) {
	d := newFirstDay(t, 8)
	more := []string{"--login-mode", mode}
	if mode != "capture" {
		more = append(more, "--users", d.table(t))
		for _, u := range d.users {
			d.dest.Directory.AddMailbox(standin.Mailbox{Email: u.login, Password: u.secret, Locale: u.mailbox.lang})
		}
	}
	d.serve(t, more...)
	again, first := d.users[:4], d.users[4:]
	for i, u := range again {
		if err := u.enter(t.Context(), d.proxy.imap, i); err != nil {
			t.Fatal(err)
		}
	}
	ctx, lift := context.WithCancel(t.Context())
	defer lift()
	var siege sync.WaitGroup
	var guesses, inside atomic.Int64
	for i := range 520 {
		from := netip.AddrFrom4([4]byte{127, 10, byte(max(0, i-20) / 2), byte(1 + max(0, i-20)%2)}) // the first 20 have one address
		siege.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := d.users[(i+n)%len(d.users)].login
				if i%3 == 0 {
					name = fmt.Sprintf("nobody%d@example.test", n*520+i)
				}
				switch said, err := tryLogin(ctx, from, d.proxy.imap, name, fmt.Sprintf("guess %d %d", i, n)); {
				case err != nil: // it was sent away, or the siege is over
				case strings.HasPrefix(said, "a OK"):
					inside.Add(1)
				default:
					guesses.Add(1)
				}
			}
		})
	}
	var users sync.WaitGroup
	took := make([]time.Duration, len(d.users))
	for i, u := range d.users {
		users.Go(func() {
			began := time.Now()
			if err := u.enter(t.Context(), d.proxy.imap, i); err != nil {
				t.Error(err)
			}
			took[i] = time.Since(began)
		})
	}
	users.Wait()
	for end := time.Now().Add(longEnough); guesses.Load() < 100 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	lift()
	siege.Wait()
	if inside.Load() > 0 || guesses.Load() < 100 {
		t.Errorf("%d of %d guesses were let in", inside.Load(), guesses.Load())
	}
	tally := d.dest.IDS.Tally(netip.MustParseAddr("127.0.0.1"))
	t.Logf("%d guesses were answered; the new server counted %d failures; who came again waited %v at most, who came first %v",
		guesses.Load(), tally.Total, slices.Max(took[:len(again)]), slices.Max(took[len(again):]))
	if tally.Peak >= standin.DefaultRules()[0].Failures {
		t.Errorf("the new server counted %d failed logins in 10 minutes", tally.Peak)
	}
	if made := d.dest.API.Count("settings/domain/user-put"); mode == "capture" && made != len(again)+len(first) || mode != "capture" && made != 0 {
		t.Errorf("%d mailboxes were made", made)
	}
	for _, u := range d.users {
		if m, ok := d.dest.Directory.Mailbox(u.login); !ok || m.Password != u.secret {
			t.Errorf("%s: a mailbox %v, with the user's password %v", u.login, ok, m.Password == u.secret)
		}
	}
	d.proxy.stop(t)
}

// table writes the users' passwords on the old server.
func (d *firstDay) table(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.csv")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	rows := [][]string{{"login", "source-password"}}
	for _, u := range d.users {
		rows = append(rows, []string{u.login, u.secret})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// enter logs in as a mail program does that tries again, from an address of its own, and sees INBOX.
func (u *firstUser) enter(ctx context.Context, addr string, i int) error {
	from := netip.AddrFrom4([4]byte{127, 20, byte(i), 1})
	ctx, cancel := context.WithTimeout(ctx, longEnough)
	defer cancel()
	for {
		said, err := tryLogin(ctx, from, addr, u.login, u.secret)
		switch {
		case err == nil && strings.HasPrefix(said, "a OK"):
			return nil
		case err == nil && !strings.Contains(said, "[UNAVAILABLE]"):
			return fmt.Errorf("%s is told: %s", u.login, said)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not get in: %s, %v", u.login, said, err)
		case <-time.After(time.Second):
		}
	}
}

// tryLogin is one LOGIN from an address of this machine; it returns the tagged answer. Who is let in looks at INBOX.
func tryLogin(ctx context.Context, from netip.Addr, addr, user, secret string) (string, error) {
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	r := bufio.NewReader(c)
	if _, err := fmt.Fprintf(c, "a LOGIN %q %q\r\n", user, secret); err != nil {
		return "", err
	}
	said, err := tagged(r, "a ")
	if err != nil || !strings.HasPrefix(said, "a OK") {
		return said, err
	}
	if _, err := fmt.Fprint(c, "b SELECT INBOX\r\n"); err != nil {
		return "", err
	}
	if seen, err := tagged(r, "b "); err != nil || !strings.HasPrefix(seen, "b OK") {
		return seen, err
	}
	return said, nil
}

// tagged reads up to the answer to a command.
func tagged(r *bufio.Reader, tag string) (string, error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil || strings.HasPrefix(line, tag) {
			return strings.TrimSpace(line), err
		}
	}
}
