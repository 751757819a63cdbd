package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

// crowdCount reads how large the crowd is: for a soak, CROSSFADE_TEST_SESSIONS=200 CROSSFADE_TEST_CROWD=50.
func crowdCount(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

// crowdUser is one account, and what its clients were told: each letter by its subject.
type crowdUser struct {
	name, pass string
	above      func() (subjects []string) // what the new server has itself

	mu   sync.Mutex
	must map[string]bool // it was taken, or was there from the start
	may  map[string]bool // nobody knows: the answer was no OK
}

// letter makes a letter that no other equals.
func (u *crowdUser) letter() (subject, text string) {
	subject = fmt.Sprintf("%s-%x", u.name, rand.Uint64())
	return subject, fmt.Sprintf("Message-ID: <%s@crowd.test>\r\nSubject: %s\r\n\r\nbody of %s\r\n", subject, subject, subject)
}

// work does something at random on a connection of its own; what breaks it ends it. It answers nothing but what it was told.
func (u *crowdUser) work(addr string, steps int) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	c := &crowdClient{conn: conn, buf: make([]byte, 0, 4096)}
	if c.greeting(); !c.ok("LOGIN "+u.name+" "+u.pass) || !c.ok("SELECT INBOX") {
		return
	}
	for range steps {
		switch rand.IntN(6) {
		case 0, 1:
			subject, text := u.letter()
			u.note(u.may, subject)
			if c.ok(fmt.Sprintf("APPEND INBOX (\\Seen) {%d+}\r\n%s", len(text), text)) {
				u.note(u.must, subject)
			}
		case 2:
			c.ok(fmt.Sprintf("STORE %d +FLAGS (\\Flagged)", 1+rand.IntN(5)))
		case 3:
			c.ok(fmt.Sprintf("FETCH %d BODY.PEEK[]", 1+rand.IntN(5)))
		case 4:
			c.ok("FETCH 1:* FLAGS")
		default:
			c.ok("NOOP")
		}
		if c.broken {
			return
		}
	}
	c.ok("LOGOUT")
}

func (u *crowdUser) note(in map[string]bool, subject string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	in[subject] = true
}

// crowdClient is a client for many goroutines: it fails no test by itself.
type crowdClient struct {
	conn   net.Conn
	buf    []byte
	n      int
	broken bool
}

func (c *crowdClient) line() (string, bool) {
	for {
		if i := strings.IndexByte(string(c.buf), '\n'); i >= 0 {
			line := string(c.buf[:i])
			c.buf = c.buf[i+1:]
			return line, true
		}
		var p [4096]byte
		n, err := c.conn.Read(p[:])
		if err != nil {
			c.broken = true
			return "", false
		}
		c.buf = append(c.buf, p[:n]...)
	}
}

func (c *crowdClient) greeting() {
	_ = c.conn.SetDeadline(time.Now().Add(sideLimit))
	c.line()
}

// ok sends a command and tells whether it was answered with OK.
func (c *crowdClient) ok(command string) bool {
	c.n++
	tag := fmt.Sprintf("x%d ", c.n)
	_ = c.conn.SetDeadline(time.Now().Add(sideLimit))
	if _, err := io.WriteString(c.conn, tag+command+"\r\n"); err != nil {
		c.broken = true
		return false
	}
	for {
		line, ok := c.line()
		if !ok {
			return false
		}
		if rest, found := strings.CutPrefix(line, tag); found {
			return strings.HasPrefix(rest, "OK")
		}
	}
}

// TestCrowdAndRestarts: many sessions on several accounts work at random while both servers are restarted at random. In the end
// every account's view is what the new server has; what was answered with OK is there, once; and no connection is left.
func TestCrowdAndRestarts(t *testing.T) {
	t.Parallel()
	sessions, accounts := crowdCount("CROSSFADE_TEST_SESSIONS", 20), crowdCount("CROSSFADE_TEST_CROWD", 5)
	old, fresh := faults.Start(t, faults.Quirks{}), faults.Start(t, faults.Quirks{})
	users := make([]*crowdUser, accounts)
	for i := range users {
		u := &crowdUser{name: fmt.Sprint("user", i), pass: "secret", must: map[string]bool{}, may: map[string]bool{}}
		before, account := old.Account(u.name, u.pass), fresh.Account(u.name, u.pass)
		u.above = func() (subjects []string) {
			for _, m := range account.Messages("INBOX") {
				subjects = append(subjects, crowdSubject(string(m.Body)))
			}
			return subjects
		}
		for range 8 {
			subject, text := u.letter()
			before.Add("INBOX", faults.Message{Body: []byte(text), Date: time.Unix(1500000000, 0)})
			u.must[subject] = true
		}
		users[i] = u
	}
	addr, stop := runCrowd(t, old, fresh)
	leave := crowdWorks(users, sessions, addr)
	for range crowdCount("CROSSFADE_TEST_RESTARTS", 6) {
		time.Sleep(time.Duration(500+rand.IntN(2000)) * time.Millisecond)
		s := []*faults.Server{old, fresh}[rand.IntN(2)]
		s.Stop()
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		if err := s.Resume(); err != nil {
			t.Fatal(err)
		}
	}
	crowdTook(t, users, sessions)
	leave()
	for _, u := range users {
		u.settled(t, addr)
	}
	stop()
	for end := time.Now().Add(time.Minute); old.Connections()+fresh.Connections() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d and %d connections are left", old.Connections(), fresh.Connections())
		}
	}
}

// crowdWorks lets so many clients work, who come back again and again until they are to leave.
func crowdWorks(users []*crowdUser, sessions int, addr string) (leave func()) {
	var work sync.WaitGroup
	ended := make(chan struct{})
	for i := range sessions {
		work.Go(func() {
			for {
				select {
				case <-ended:
					return
				case <-time.After(time.Duration(rand.IntN(200)) * time.Millisecond):
				}
				users[i%len(users)].work(addr, 12)
			}
		})
	}
	return func() {
		close(ended)
		work.Wait()
	}
}

// crowdTook waits until the proxy has taken as many letters as there are sessions: less would say that nobody could work.
func crowdTook(t *testing.T, users []*crowdUser, sessions int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		taken := 0
		for _, u := range users {
			u.mu.Lock()
			taken += len(u.must) - 8
			u.mu.Unlock()
		}
		if taken >= sessions {
			t.Logf("%d letters were taken by %d sessions on %d accounts", taken, sessions, len(users))
			return
		}
		if time.Now().After(end) {
			t.Errorf("hardly anybody could work: %d letters were taken by %d sessions", taken, sessions)
			return
		}
	}
}

func runCrowd(t *testing.T, old, fresh *faults.Server) (addr string, stop func()) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	var o stackOptions
	for url, d := range map[string]*stackOptions{old.URL(): &o, fresh.URL(): &o} {
		driver, err := imap.New(imap.Options{URL: url, Timeout: 20 * time.Second, DialTimeout: 5 * time.Second, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		if url == old.URL() {
			d.source = driver
		} else {
			d.destination = driver
		}
	}
	o.state, o.log = t.TempDir(), log
	st, err := newStack(o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st.addIMAP(ln, nil, nil, crowd{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return ln.Addr().String(), stop
}

// settled waits until the account's view is the new server's, and holds both against what clients were told.
func (u *crowdUser) settled(t *testing.T, addr string) {
	t.Helper()
	var seen, there []string
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		seen, there = u.look(addr), u.above()
		slices.Sort(seen)
		slices.Sort(there)
		if len(seen) > 0 && slices.Equal(seen, there) {
			break
		}
		if time.Now().After(end) {
			t.Errorf("%s: clients see %d messages, the new server has %d\n%q\n%q", u.name, len(seen), len(there), seen, there)
			return
		}
	}
	count := map[string]int{}
	for _, s := range there {
		if count[s]++; count[s] > 1 || !u.must[s] && !u.may[s] {
			t.Errorf("%s: %s is there %d times; told %t", u.name, s, count[s], u.must[s])
		}
	}
	for _, s := range slices.Sorted(maps.Keys(u.must)) {
		if count[s] == 0 {
			t.Errorf("%s: %s was taken and is lost", u.name, s)
		}
	}
}

// look reads an account's INBOX through the proxy, or on a server; nil if it cannot be had now.
func (u *crowdUser) look(addr string) (out []string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil
	}
	defer conn.Close()
	c := &crowdClient{conn: conn}
	if c.greeting(); !c.ok("LOGIN "+u.name+" "+u.pass) || !c.ok("SELECT INBOX") {
		return nil
	}
	if _, err := io.WriteString(conn, "z FETCH 1:* BODY.PEEK[HEADER]\r\n"); err != nil {
		return nil
	}
	for {
		line, ok := c.line()
		if !ok || strings.HasPrefix(line, "z NO") {
			return nil
		}
		if s, found := strings.CutPrefix(line, "Subject: "); found {
			out = append(out, strings.TrimSpace(s))
		}
		if strings.HasPrefix(line, "z ") {
			return out
		}
	}
}

func crowdSubject(body string) string {
	_, rest, _ := strings.Cut(body, "Subject: ")
	subject, _, _ := strings.Cut(rest, "\r\n")
	return subject
}
