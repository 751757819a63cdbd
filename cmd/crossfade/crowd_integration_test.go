//go:build integration

package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// goroutines is how many the process has.
func (p *proxyProcess) goroutines(t *testing.T) int {
	t.Helper()
	page, err := runClient(nil, "curl", "--silent", "http://"+p.admin+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\ngo_goroutines ")
	text, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("go_goroutines: %v", err)
	}
	return n
}

// TestRealCrowdAndRestarts is TestCrowdAndRestarts with Dovecots that are killed, and a proxy that is, too. Clients come and go
// by the hundred; they leave nothing behind in the proxy.
func TestRealCrowdAndRestarts(t *testing.T) {
	t.Parallel()
	sessions, accounts := crowdCount("CROSSFADE_TEST_SESSIONS", 20), crowdCount("CROSSFADE_TEST_CROWD", 5)
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	users := make([]*crowdUser, accounts)
	for i := range users {
		u := &crowdUser{name: testbed.User(i), pass: testbed.Pass, must: map[string]bool{}, may: map[string]bool{}}
		u.above = func() []string { return u.look(dest.Addr) }
		c := dialRaw(t, source.Addr)
		c.wants(t, "LOGIN "+u.name+" "+u.pass)
		for range 8 {
			subject, text := u.letter()
			c.wants(t, fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(text), text))
			u.must[subject] = true
		}
		c.leaves()
		users[i] = u
	}
	p := proxyBetween(t, bed, source.PlainURL(), dest.PlainURL())
	p.start(t)
	for _, u := range users {
		u.settled(t, p.imap)
	}
	rest, few := p.goroutines(t), 2*accounts // what each account is looked after with comes and goes
	links := connected(t, source, dest)
	leave := crowdWorks(users, sessions, p.imap)
	for i := range crowdCount("CROSSFADE_TEST_RESTARTS", 4) {
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
		switch i % 3 { // each has its turn
		case 0:
			dest.Kill(t)
			dest.Start(t)
		case 1:
			p.kill()
			p.start(t)
		default:
			source.Kill(t)
			source.Start(t)
		}
	}
	for end := time.Now().Add(longEnough); ; time.Sleep(20 * time.Millisecond) { // they come back, with everything there
		busy := p.goroutines(t)
		if busy >= rest+sessions {
			break
		}
		if time.Now().After(end) {
			t.Errorf("%d goroutines at rest, %d with %d sessions: that could not show what is left", rest, busy, sessions)
			break
		}
	}
	crowdTook(t, users, sessions)
	leave()
	for _, u := range users {
		u.settled(t, p.imap)
	}
	for end := time.Now().Add(time.Minute); p.goroutines(t) > rest+few || connected(t, source, dest) > links+few; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines and %d connections to the servers before the crowd came, %d and %d since it has left", rest, links, p.goroutines(t), connected(t, source, dest))
		}
	}
	p.stop(t)
	for end := time.Now().Add(time.Minute); connected(t, source, dest) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections to the servers are left", connected(t, source, dest))
		}
	}
}
