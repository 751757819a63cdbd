package imap

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crossfade/backfill"
	"crossfade/mapping"
	"crossfade/proxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	day1 = time.Date(2020, 2, 1, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	day2 = time.Date(2020, 3, 2, 0, 10, 0, 0, time.FixedZone("", 2*3600))
)

// standard is an account with three messages in INBOX: UIDs 1, 2 (seen), 4 (deleted).
func standard() *fakeAccount {
	a := newFakeAccount()
	f := a.boxes["INBOX"]
	f.add("Subject: one\r\nFrom: a@x\r\n\r\nhello\r\n", "", day1)
	f.add("Subject: two\r\nFrom: b@x\r\n\r\nworld, hello\r\n", `\Seen`, day2)
	f.add("gone", "", day2)
	f.remove(3)
	f.add("Subject: four\r\n\r\nx", mapping.NewFlags(`\Deleted`, "$Work"), day2)
	return a
}

// login accepts alice with pw; the name "down" finds a server that is down.
func (a *fakeAccount) login(_ context.Context, user, secret string) (proxy.Session, error) {
	switch {
	case user == "down":
		return nil, &backfill.Error{Op: "dial", Scope: backfill.HostScope}
	case user != "alice" || secret != "pw":
		return nil, &backfill.Error{Op: "login", Scope: backfill.AccountScope, Code: "AUTHENTICATIONFAILED", Text: "wrong"}
	}
	return fakeSession{a}, nil
}

// start runs a server for the account until the test ends, and returns its address.
func start(t testing.TB, a *fakeAccount, change func(*Options)) string {
	t.Helper()
	addr, stop := startStoppable(t, a, change, false)
	t.Cleanup(stop)
	return addr
}

func startStoppable(t testing.TB, a *fakeAccount, change func(*Options), implicit bool) (addr string, stop func()) {
	t.Helper()
	o := Options{Login: a.login, Logger: slog.New(slog.DiscardHandler), SpoolDir: t.TempDir(),
		Attempts: proxy.NewAttempts(proxy.AttemptsOptions{Delay: -1})}
	if change != nil {
		change(&o)
	}
	return serveStoppable(t, a, New(o), implicit)
}

func serveStoppable(t testing.TB, a *fakeAccount, srv *Server, implicit bool) (addr string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, ln, implicit) }()
	return ln.Addr().String(), func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.opened != 0 {
			t.Errorf("%d mailboxes left open", a.opened)
		}
	}
}

// talker is a raw client.
type talker struct {
	t     testing.TB
	conn  net.Conn
	r     *bufio.Reader
	where string // for messages
}

func dial(t testing.TB, addr string) *talker {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return &talker{t: t, conn: nc, r: bufio.NewReader(nc)}
}

func (k *talker) send(raw string) {
	k.t.Helper()
	if _, err := io.WriteString(k.conn, raw); err != nil {
		k.t.Fatal(err)
	}
}

// line reads one line; an end of the connection is "EOF".
func (k *talker) line() string {
	k.t.Helper()
	_ = k.conn.SetReadDeadline(time.Now().Add(time.Minute))
	s, err := k.r.ReadString('\n')
	if err == io.EOF || err != nil && strings.Contains(err.Error(), "reset") {
		return s + "EOF"
	}
	if err != nil {
		k.t.Fatalf("%sread: %v after %q", k.where, err, s)
	}
	return strings.TrimSuffix(s, "\r\n")
}

// ask sends a command and returns all lines up to its tagged answer.
func (k *talker) ask(cmd string) []string {
	k.t.Helper()
	tag, _, _ := strings.Cut(cmd, " ")
	k.send(cmd + "\r\n")
	return k.until(tag)
}

func (k *talker) until(tag string) (lines []string) {
	k.t.Helper()
	for {
		l := k.line()
		lines = append(lines, l)
		if strings.HasPrefix(l, tag+" ") || strings.HasSuffix(l, "EOF") {
			return lines
		}
	}
}

// client is a client that has logged in, and selected INBOX if box is true.
func client(t testing.TB, addr string, box bool) *talker {
	t.Helper()
	k := dial(t, addr)
	k.line()
	k.want(k.ask("l LOGIN alice pw"), "l OK ")
	if box {
		k.want(k.ask("s SELECT INBOX"), "s OK ")
	}
	return k
}

// want checks how the last line begins.
func (k *talker) want(lines []string, start string) {
	k.t.Helper()
	if got := lines[len(lines)-1]; !strings.HasPrefix(got, start) {
		k.t.Fatalf("got %q, want %q", got, start)
	}
}
