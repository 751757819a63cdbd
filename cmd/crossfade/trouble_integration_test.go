//go:build integration

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// rounds splits a number of times, 20 unless the environment says more, into rounds of at most 40, each with
// servers and mail of its own: a mailbox has moved at some time, and trouble after that proves nothing.
func rounds(t *testing.T, name string, round func(t *testing.T, n int)) {
	left := 20
	if text := os.Getenv(name); text != "" {
		var err error
		if left, err = strconv.Atoi(text); err != nil || left < 1 {
			t.Fatalf("%s=%q is no number of times", name, text)
		}
	}
	for ; left > 0; left -= 40 {
		n := min(left, 40)
		t.Run(fmt.Sprint(n), func(t *testing.T) { round(t, n) })
	}
}

// fill loads a mailbox that takes a while to move.
func fill(t *testing.T, bed *testbed.Bed, n int) testbed.Snapshot {
	t.Helper()
	source := bed.Server(testbed.Source)
	source.FillFiles(t, testbed.User(0), "--folders", "20", "--per-folder", fmt.Sprint(min(20+n*4, 400)), "--mean", "6000")
	return snapshot(t, source.Addr)
}

// wantMoved waits for the end of the move and compares.
func (p *proxyProcess) wantMoved(t *testing.T, before testbed.Snapshot) {
	t.Helper()
	p.settle(t, before.Count())
	if bad := testbed.Compare(before, snapshot(t, p.bed.Server(testbed.Dest).Addr), testbed.CompareOptions{}); bad != nil {
		t.Errorf("destination:\n%s", strings.Join(bad, "\n"))
	}
	if bad := before.Diff(snapshot(t, p.bed.Server(testbed.Source).Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	p.stop(t)
}

// trouble does something bad n times: once at a random moment of the beginning, then once at a random place of each n-th
// of the move. So it hits the copying at work however fast everybody is; else it would prove nothing.
func (p *proxyProcess) trouble(t *testing.T, before testbed.Snapshot, n int, longest time.Duration, bad func(*rand.Rand)) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random, hit, all := rand.New(rand.NewPCG(seed, 0)), 0, before.Count()
	time.Sleep(time.Duration(random.Int64N(int64(longest))))
	for i := range n {
		place := 0
		if i > 0 {
			place = i*all/n + random.IntN(all/n)
		}
		p.copied(t, place)
		if p.report(t).Total.Copied < all {
			hit++
		}
		bad(random)
	}
	t.Logf("%d of %d times while mail was moving", hit, n)
	if hit < (n+1)/2 {
		t.Errorf("the move was over too soon: only %d of %d times hit it", hit, n)
	}
	p.wantMoved(t, before)
}

// slowly starts a proxy whose way to each server takes a while, with an account enrolled.
func slowly(t *testing.T, bed *testbed.Bed) (*proxyProcess, []*faults.Relay) {
	t.Helper()
	relays := []*faults.Relay{
		faults.NewRelay(t, bed.Server(testbed.Source).Addr, 5*time.Millisecond),
		faults.NewRelay(t, bed.Server(testbed.Dest).Addr, 15*time.Millisecond),
	}
	p := proxyBetween(t, bed, relays[0].URL(), relays[1].URL())
	p.start(t)
	enrol(t, p.imap)
	return p, relays
}

// TestKilledAgainAndAgain: kill -9 at random moments of the copying loses nothing and doubles nothing.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	rounds(t, "CROSSFADE_TEST_KILLS", func(t *testing.T, n int) {
		bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
		before := fill(t, bed, n)
		p, _ := slowly(t, bed)
		p.trouble(t, before, n, 300*time.Millisecond, func(*rand.Rand) {
			p.kill()
			p.start(t)
		})
	})
}

// TestServersKilled: the servers themselves are killed and come back.
func TestServersKilled(t *testing.T) {
	t.Parallel()
	rounds(t, "CROSSFADE_TEST_KILLS", func(t *testing.T, n int) {
		bed := testbed.Start(t, nil, testbed.Source, testbed.Dest)
		before := fill(t, bed, n)
		p, relays := slowly(t, bed)
		p.trouble(t, before, n, 300*time.Millisecond, func(random *rand.Rand) {
			i := random.IntN(2)
			s := bed.Server([]string{testbed.Source, testbed.Dest}[i])
			s.Kill(t)
			relays[i].Down(true) // until we know that it is back: else the move may be over by then
			s.Start(t)
			relays[i].Down(false)
		})
	})
}

// TestCutAgainAndAgain: connections to either server break in the middle of messages.
func TestCutAgainAndAgain(t *testing.T) {
	t.Parallel()
	rounds(t, "CROSSFADE_TEST_CUTS", func(t *testing.T, n int) {
		bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
		before := fill(t, bed, n)
		p, relays := slowly(t, bed)
		p.trouble(t, before, n, 300*time.Millisecond, func(random *rand.Rand) { relays[random.IntN(2)].Cut() })
	})
}

// enrol logs in once, as an account's first client would.
func enrol(t testing.TB, addr string) {
	t.Helper()
	enrolAs(t, addr, testbed.User(0))
}

func enrolAs(t testing.TB, addr, user string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "a LOGIN %s %s\r\nb LOGOUT\r\n", user, testbed.Pass); err != nil {
		t.Fatal(err)
	}
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(conn); err != nil || !strings.Contains(answer.String(), "a OK") {
		t.Fatalf("login: %v\n%s", err, answer.String())
	}
}
