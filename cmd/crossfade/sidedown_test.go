package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

// rawClient speaks IMAP as a script does: a line, and all that comes until it is answered.
type rawClient struct {
	t    *testing.T
	from string // whom it talks to
	conn net.Conn
	r    *bufio.Reader
	n    int
}

func dialRaw(t *testing.T, addr string) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &rawClient{t: t, from: addr, conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c
}

// do sends a command and returns its tagged answer and all that came before; what takes too long fails the test.
func (c *rawClient) do(command string) (tagged, all string) {
	c.t.Helper()
	c.n++
	tag := fmt.Sprintf("x%d ", c.n)
	_ = c.conn.SetDeadline(time.Now().Add(sideLimit))
	began := time.Now()
	if _, err := io.WriteString(c.conn, tag+command+"\r\n"); err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%.60s: after %v and %q: %v", command, time.Since(began), all, err)
		}
		if rest, ok := strings.CutPrefix(line, tag); ok {
			c.t.Logf("%6v  %.50s: %.60s", time.Since(began).Round(time.Millisecond), strings.TrimSpace(strings.SplitN(command, "\r", 2)[0]), strings.TrimSpace(rest))
			return rest, all
		}
		all += line
	}
}

// sideLimit is how long any command may take while a side is silent, with drivers that believe in it for four seconds.
const sideLimit = 60 * time.Second

// sideBed is a proxy between two servers that may fail. INBOX was copied, Later was not.
type sideBed struct {
	user, pass string
	above      func(folder string) (bodies []string) // what the destination has itself
	engine     *backfill.Engine
	addr       string
	stop       func()

	oldAccount           *faults.Account // of those in memory
	oldRelay, freshRelay *faults.Relay
}

const sideMessages = 5

func sideLetter(folder string, i int) faults.Message {
	return faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%s.%d@side.test>\r\nSubject: %s %d\r\n\r\nneedle%d in %s\r\n", folder, i, folder, i, i, folder), Flags: []string{`\Seen`}, Date: time.Unix(1500000000+int64(i), 0)}
}

// newSideBed has servers in memory, each behind a relay.
func newSideBed(t *testing.T) *sideBed {
	old, fresh := faults.Start(t, faults.Quirks{}), faults.Start(t, faults.Quirks{})
	b := &sideBed{user: "joe", pass: "secret", oldAccount: old.Account("joe", "secret")}
	b.oldAccount.Create("Later", "")
	for i := range sideMessages {
		b.oldAccount.Add("INBOX", sideLetter("INBOX", i))
		b.oldAccount.Add("Later", sideLetter("Later", i))
	}
	account := fresh.Account("joe", "secret")
	account.Create("Plain", "")
	account.Add("Plain", sideLetter("Plain", 0))
	b.above = func(folder string) (bodies []string) {
		for _, m := range account.Messages(folder) {
			bodies = append(bodies, string(m.Body))
		}
		return bodies
	}
	b.oldRelay, b.freshRelay = faults.NewRelay(t, old.Addr, 0), faults.NewRelay(t, fresh.Addr, 0)
	b.serve(t, b.oldRelay.URL(), b.freshRelay.URL())
	return b
}

// serve runs a proxy between the two and has INBOX copied.
func (b *sideBed) serve(t *testing.T, source, destination string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	driver := func(url string) backfill.Driver {
		d, err := imap.New(imap.Options{URL: url, Timeout: 4 * time.Second, Silence: 4 * time.Second, DialTimeout: 2 * time.Second, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	st, err := newStack(stackOptions{source: driver(source), destination: driver(destination), state: t.TempDir(), hold: true, log: log})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st.addIMAP(ln, nil, nil, crowd{})
	b.addr, b.engine = ln.Addr().String(), st.engine
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(b.stop)
	c := b.login(t)
	for _, folder := range []string{"INBOX", "Later", "Plain"} {
		if said, _ := c.do("SELECT " + folder); !strings.HasPrefix(said, "OK") {
			t.Fatal(said)
		}
	}
	if err := b.engine.Pause(backfill.Target{Account: b.user, Folder: "Later"}); err != nil {
		t.Fatal(err)
	}
	b.engine.Release()
	b.until(t, func(r backfill.Report) bool { return r.Total.Copied == sideMessages })
}

func (b *sideBed) login(t *testing.T) *rawClient {
	t.Helper()
	c := dialRaw(t, b.addr)
	if said, _ := c.do("LOGIN " + b.user + " " + b.pass); !strings.HasPrefix(said, "OK") {
		t.Fatal(said)
	}
	return c
}

// until waits longer than a host that was away is ever left alone, which is up to five minutes.
func (b *sideBed) until(t *testing.T, done func(backfill.Report) bool) {
	t.Helper()
	for end := time.Now().Add(6 * time.Minute); !done(b.engine.Status()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", b.engine.Status().Total)
		}
	}
}

// sideTrouble is how a side may fail.
var sideTrouble = map[string]func(r *faults.Relay, on bool){
	"down":   func(r *faults.Relay, on bool) { r.Down(on) },
	"silent": func(r *faults.Relay, on bool) { r.Freeze(on) },
	"slow": func(r *faults.Relay, on bool) {
		r.Delay(faults.ToClient, map[bool]time.Duration{true: 500 * time.Millisecond}[on])
	},
}

// TestASideIsDown: every command is answered within bounds, by what is there or with UNAVAILABLE, never with a part and
// never with a wrong body; and when the side is back all goes on by itself, with nothing lost or doubled.
func TestASideIsDown(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"source", "destination"} {
		for how, trouble := range sideTrouble {
			t.Run(side+" "+how, func(t *testing.T) {
				t.Parallel()
				b := newSideBed(t)
				relay := map[string]*faults.Relay{"source": b.oldRelay, "destination": b.freshRelay}[side]
				open, fresh := b.login(t), b.login(t)
				open.do("SELECT INBOX")
				trouble(relay, true)
				commandsInTrouble(t, open, fresh, how == "slow", side)
				trouble(relay, false)
				b.recovers(t, open)
			})
		}
	}
}

// commandsInTrouble runs what clients do on a connection that has a folder open, and on one that opens folders.
func commandsInTrouble(t *testing.T, open, fresh *rawClient, slow bool, side string) {
	// must: the side that is down is not needed.
	check := func(c *rawClient, command string, must bool, want ...string) {
		t.Helper()
		said, all := c.do(command)
		switch {
		case strings.HasPrefix(said, "OK"):
			for _, w := range want {
				if !strings.Contains(all, w) {
					t.Errorf("%s: OK, and %q is missing in\n%s", command, w, all)
				}
			}
		case strings.HasPrefix(said, "NO [UNAVAILABLE]") && !must && !slow:
		default:
			t.Errorf("%s: %s", command, said)
		}
	}
	lines := func(format string, n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf(format, i+1))
		}
		return out
	}
	var inbox, later []string
	for i := range sideMessages {
		inbox, later = append(inbox, fmt.Sprintf("needle%d in INBOX\r\n", i)), append(later, fmt.Sprintf("needle%d in Later\r\n", i))
	}
	destination := side == "destination"
	check(open, "FETCH 1:* FLAGS", true, lines(`* %d FETCH (FLAGS (\Seen))`, sideMessages)...)
	check(open, "NOOP", true)
	check(open, "FETCH 1:* BODY.PEEK[]", true, inbox...) // copied: either side has it
	check(open, "SEARCH SEEN", true, "* SEARCH 1 2 3 4 5\r\n")
	check(open, "SEARCH BODY needle3", false, "* SEARCH 4\r\n")
	check(open, "SORT (SUBJECT) UTF-8 ALL", true, "* SORT 1 2 3 4 5\r\n")
	check(open, "SORT (REVERSE SUBJECT) UTF-8 ALL", true, "* SORT 5 4 3 2 1\r\n")
	check(open, "THREAD REFERENCES UTF-8 ALL", true, "* THREAD (1)(2)(3)(4)(5)\r\n")
	check(open, `STORE 1 +FLAGS (\Flagged)`, !destination)
	check(open, "COPY 2 Plain", false)
	check(fresh, `LIST "" *`, false, "INBOX", "Later", "Plain")
	check(fresh, "STATUS INBOX (MESSAGES)", true, "(MESSAGES 5)")
	check(fresh, "SELECT INBOX", true, "* 5 EXISTS")
	check(fresh, "SELECT Later", true, "* 5 EXISTS")
	check(fresh, "FETCH 1:* FLAGS", true, lines(`* %d FETCH (FLAGS (\Seen))`, sideMessages)...)
	check(fresh, "FETCH 1:* BODY.PEEK[]", destination, later...)
	check(fresh, "SEARCH BODY needle3", destination, "* SEARCH 4\r\n")
	check(fresh, "SORT (REVERSE ARRIVAL) UTF-8 ALL", destination, "* SORT 5 4 3 2 1\r\n")
	check(fresh, "SORT (REVERSE SUBJECT) UTF-8 ALL", destination, "* SORT 5 4 3 2 1\r\n")
	check(fresh, "THREAD REFERENCES UTF-8 ALL", destination, "* THREAD (1)(2)(3)(4)(5)\r\n")
	check(fresh, `STORE 2 +FLAGS (\Flagged)`, true)
	check(fresh, "SELECT Plain", true, " EXISTS") // what was copied there is a message of its own
	check(fresh, "FETCH 1 BODY.PEEK[]", !destination, "needle0 in Plain\r\n")
	letter := string(sideLetter("new", 0).Body)
	check(fresh, fmt.Sprintf("APPEND Plain {%d+}\r\n%s", len(letter), letter), !destination)
}

// recovers waits until all is moved, and compares.
func (b *sideBed) recovers(t *testing.T, open *rawClient) {
	t.Helper()
	if err := b.engine.Resume(backfill.Target{Account: b.user, Folder: "Later"}); err != nil {
		t.Fatal(err)
	}
	b.until(t, func(r backfill.Report) bool { return r.Done && r.Total.Copied >= 2*sideMessages })
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		said, all := open.do("FETCH 1:* BODY.PEEK[]")
		if strings.HasPrefix(said, "OK") && strings.Count(all, "needle") == sideMessages {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s %s", said, all)
		}
	}
	for _, folder := range []string{"INBOX", "Later"} {
		seen := map[string]int{}
		for _, body := range b.above(folder) {
			seen[body]++
		}
		for i := range sideMessages {
			if body := string(sideLetter(folder, i).Body); seen[body] != 1 {
				t.Errorf("%s: message %d is there %d times", folder, i, seen[body])
			}
		}
		if len(seen) != sideMessages {
			t.Errorf("%s has %d messages", folder, len(seen))
		}
	}
}

// TestSlowReaders: more sessions than there may be connections to a server fetch large mail and do not read it. Others go
// on: flags, folders, new mail.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	b := newSideBed(t)
	large := faults.Message{Body: append([]byte("Message-ID: <large@side.test>\r\n\r\n"), bytes.Repeat([]byte("0123456789abcde\r\n"), 2<<20)...)}
	b.oldAccount.Add("Later", large)
	c := b.login(t)
	if said, all := c.do("SELECT Later"); !strings.HasPrefix(said, "OK") || !strings.Contains(all, "* 6 EXISTS") {
		t.Fatal(said, all)
	}
	for range 6 {
		s := b.login(t)
		s.do("SELECT Later")
		if _, err := io.WriteString(s.conn, "y FETCH 6 BODY.PEEK[]\r\n"); err != nil {
			t.Fatal(err)
		}
		_ = s.conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = s.r.Peek(1) // it has begun, or waits for a connection
	}
	for _, command := range []string{"FETCH 1:* FLAGS", "NOOP", "STATUS INBOX (MESSAGES)", "SELECT INBOX", "FETCH 1:* FLAGS", "SELECT Later", `STORE 1 +FLAGS (\Flagged)`} {
		if said, _ := c.do(command); !strings.HasPrefix(said, "OK") {
			t.Errorf("%s: %s", command, said)
		}
	}
}
