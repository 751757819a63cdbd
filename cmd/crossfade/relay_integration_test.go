//go:build integration

package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// lineFault is what a relay does to one leg of a move.
type lineFault struct {
	name string
	arm  func(r []*faults.Relay)
	cuts bool
}

// lineFaults cut each direction at some bytes of those that pass in the whole move, hold a side up, and make it slow.
func lineFaults(passed [4]int64) []lineFault {
	var out []lineFault
	names := []string{"to the source", "from the source", "to the destination", "from the destination"}
	for i, name := range names {
		for _, percent := range []int64{0, 60} {
			at := 1 + passed[i]*percent/100
			out = append(out, lineFault{fmt.Sprintf("cut at byte %d %s", at, name), func(r []*faults.Relay) { r[i/2].CutAt(faults.Leg(i%2), at) }, true})
		}
	}
	for i, name := range []string{"source", "destination"} {
		out = append(out, lineFault{name + " frozen for a while", func(r []*faults.Relay) {
			time.AfterFunc(200*time.Millisecond, func() { r[i].Freeze(true) })
			time.AfterFunc(1700*time.Millisecond, func() { r[i].Freeze(false) })
		}, false}, lineFault{name + " far away", func(r []*faults.Relay) {
			r[i].Delay(faults.ToServer, 60*time.Millisecond)
			r[i].Delay(faults.ToClient, 60*time.Millisecond)
		}, false}, lineFault{name + " throttled", func(r []*faults.Relay) {
			r[i].Throttle(faults.ToServer, 400_000)
			r[i].Throttle(faults.ToClient, 400_000)
		}, false})
	}
	return out
}

// TestRealServersBehindFaults: one real Dovecot is moved to another, each behind a relay that cuts at a byte of one
// direction, holds everything up, or is slow. Both sides are compared message by message.
func TestRealServersBehindFaults(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source)
	source := bed.Server(testbed.Source)
	source.FillFiles(t, testbed.User(0), "--folders", "6", "--per-folder", "40", "--mean", "6000")
	before := snapshot(t, source.Addr)
	var passed [4]int64
	run := func(t *testing.T, f lineFault) {
		dest := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Dest).Server(testbed.Dest)
		relays := []*faults.Relay{faults.NewRelay(t, source.Addr, 0), faults.NewRelay(t, dest.Addr, 0)}
		p := proxyBetween(t, bed, relays[0].URL(), relays[1].URL())
		p.start(t)
		if f.arm != nil {
			f.arm(relays)
		}
		enrolPatiently(t, p.imap)
		p.settle(t, before.Count())
		if bad := testbed.Compare(before, snapshot(t, dest.Addr), testbed.CompareOptions{}); bad != nil {
			t.Errorf("destination:\n%s", strings.Join(bad, "\n"))
		}
		if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
			t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
		}
		if n := relays[0].Cuts() + relays[1].Cuts(); f.cuts && n == 0 {
			t.Error("nothing was cut")
		}
		if f.arm == nil {
			for i := range passed {
				passed[i] = relays[i/2].Passed(faults.Leg(i % 2))
			}
		}
		p.stop(t)
	}
	run(t, lineFault{})
	for _, f := range lineFaults(passed) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			run(t, f)
		})
	}
}

// enrolPatiently logs in again and again until that is taken.
func enrolPatiently(t *testing.T, addr string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a closed connection says so when it is used
		_, _ = fmt.Fprintf(conn, "a LOGIN %s %s\r\nb LOGOUT\r\n", testbed.User(0), testbed.Pass)
		answer, _ := io.ReadAll(conn)
		_ = conn.Close()
		if last = string(answer); strings.Contains(last, "a OK") {
			return
		}
	}
	t.Fatalf("no login within a minute: %s", last)
}
