//go:build integration

package main

import (
	"strings"
	"testing"

	"crossfade/internal/testbed"
)

// TestCourier moves from a server of another kind, and a rare one: its UIDs last only where somebody SELECTed, it tells no
// UIDNEXT but by STATUS, and it knows no special uses. check says what it is and leaves both as they were.
func TestCourier(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never", "CROSSFADE_TEST_USERS=2"}, testbed.Courier, testbed.Dest)
	source, dest := bed.Server(testbed.Courier), bed.Server(testbed.Dest)
	source.Fill(t, testbed.User(0), "--folders", "8", "--per-folder", "12", "--other-sep=_") // it takes no name with a slash
	before, empty := snapshot(t, source.Addr), snapshot(t, dest.Addr)
	if before.Count() < 90 {
		t.Fatalf("the source holds %d messages", before.Count())
	}
	r, got := checked(t, "--source", source.URL(), "--destination", dest.URL(), "--state", t.TempDir())
	wantFindings(t, got, map[string]string{
		"source courier": "green SELECT", "source login": "green", "source uidvalidity": "green", "source separator": `green "INBOX."`,
		"source mail": "green", "source connections": "green 4 connections", "destination clock": "green agree", "both plan": "green Sent Items",
	})
	if !r.OK || int(r.Survey.Messages) != before.Count() || !r.Survey.Whole {
		t.Errorf("survey %+v; %+v", r.Survey, r.Findings)
	}
	unchanged := func(when string) {
		t.Helper()
		if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
			t.Errorf("%s: the source was changed:\n%s", when, strings.Join(bad, "\n"))
		}
	}
	unchanged("check")
	if bad := empty.Diff(snapshot(t, dest.Addr)); bad != nil {
		t.Errorf("check: the destination was changed:\n%s", strings.Join(bad, "\n"))
	}

	p := proxyBetween(t, bed, source.URL(), dest.URL())
	p.start(t)
	enrol(t, p.imap)
	p.wantDone(t, longEnough)
	for where, addr := range map[string]string{"destination": dest.Addr, "through the proxy": p.imap} {
		if bad := testbed.Compare(before, snapshot(t, addr), testbed.CompareOptions{}); bad != nil {
			t.Errorf("%s:\n%s", where, strings.Join(bad, "\n"))
		}
	}
	if code, out, errs := call("verify", "--state", p.state); code != exitWell {
		t.Errorf("verify: %d\n%s\n%s", code, out, errs)
	}
	p.stop(t)
	unchanged("move")
}
