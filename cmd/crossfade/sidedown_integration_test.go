//go:build integration

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// newServedSideBed is a sideBed between real servers.
func newServedSideBed(t *testing.T, source, dest *testbed.Server) *sideBed {
	t.Helper()
	b := &sideBed{user: testbed.User(0), pass: testbed.Pass}
	enter := func(s *testbed.Server) *rawClient {
		c := dialRaw(t, s.Addr)
		c.wants(t, "LOGIN "+b.user+" "+b.pass)
		return c
	}
	letter := func(c *rawClient, folder string, i int) {
		m := sideLetter(folder, i)
		if c.from == source.Addr && folder != "INBOX" {
			folder = "INBOX." + folder
		}
		c.wants(t, fmt.Sprintf("APPEND %s (\\Seen) %q {%d+}\r\n%s", folder, m.Date.UTC().Format("_2-Jan-2006 15:04:05 -0700"), len(m.Body), m.Body))
	}
	old := enter(source)
	old.wants(t, "CREATE INBOX.Later")
	for i := range sideMessages {
		letter(old, "INBOX", i)
		letter(old, "Later", i)
	}
	fresh := enter(dest)
	fresh.wants(t, "CREATE Plain")
	letter(fresh, "Plain", 0)
	old.leaves()
	fresh.leaves()
	b.above = func(folder string) (bodies []string) {
		c := enter(dest)
		defer c.leaves()
		c.wants(t, "EXAMINE "+folder)
		said, all := c.do("UID FETCH 1:* BODY.PEEK[]")
		if !strings.HasPrefix(said, "OK") {
			t.Fatal(said)
		}
		for all != "" {
			line, rest, _ := strings.Cut(all, "\r\n")
			n := announced([]byte(line + "\r\n"))
			if n <= 0 {
				all = rest
				continue
			}
			bodies = append(bodies, rest[:n])
			all = rest[n:]
		}
		return bodies
	}
	b.serve(t, source.PlainURL(), dest.PlainURL())
	return b
}

// wants sends a command that must be done.
func (c *rawClient) wants(t *testing.T, command string) {
	t.Helper()
	if said, _ := c.do(command); !strings.HasPrefix(said, "OK") {
		t.Fatalf("%.60s: %s", command, said)
	}
}

// leaves ends a client.
func (c *rawClient) leaves() {
	_, _ = io.WriteString(c.conn, "z LOGOUT\r\n")
	_, _ = io.Copy(io.Discard, c.r) // the server closes
	_ = c.conn.Close()
}

// connected is how many connections there are from this machine to a server.
func connected(t *testing.T, servers ...*testbed.Server) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		_, port, err := net.SplitHostPort(s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		to := fmt.Sprintf(":%04X", number)
		for _, line := range strings.Split(string(text), "\n") {
			if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[2], to) && f[3] == "01" {
				n++
			}
		}
	}
	return n
}

// TestARealSideIsDown is TestASideIsDown with Dovecots that are killed, or stand still.
func TestARealSideIsDown(t *testing.T) {
	t.Parallel()
	for _, side := range []string{testbed.Source, testbed.Dest} {
		for _, how := range []string{"down", "silent"} {
			t.Run(side+" "+how, func(t *testing.T) {
				t.Parallel()
				bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
				source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
				b := newServedSideBed(t, source, dest)
				before := snapshot(t, source.Addr)
				open, fresh := b.login(t), b.login(t)
				open.do("SELECT INBOX")
				begin, end := (*testbed.Server).Kill, (*testbed.Server).Start
				if how == "silent" {
					begin, end = (*testbed.Server).Pause, (*testbed.Server).Resume
				}
				begin(bed.Server(side), t)
				commandsInTrouble(t, open, fresh, false, map[string]string{testbed.Source: "source", testbed.Dest: "destination"}[side])
				end(bed.Server(side), t)
				b.recovers(t, open)
				if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
					t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
				}
				open.leaves()
				fresh.leaves()
				b.stop()
				for end := time.Now().Add(time.Minute); connected(t, source, dest) > 0; time.Sleep(50 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("%d connections to the servers are left", connected(t, source, dest))
					}
				}
			})
		}
	}
}
