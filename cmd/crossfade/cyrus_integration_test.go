//go:build integration

package main

import (
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// TestCyrus moves to another kind of server. It refuses mail whose header has a broken line: that stays on the
// source, is still shown, and is reported with the server's words.
func TestCyrus(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Cyrus)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Cyrus)
	source.Fill(t, testbed.User(0), "--folders", "16", "--per-folder", "25")
	before := snapshot(t, source.Addr)
	p := proxyBetween(t, bed, source.URL(), dest.URL())
	p.start(t)
	enrol(t, p.imap)
	deadline := time.Now().Add(longEnough)
	for !p.report(t).Done && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	r := p.report(t)
	if !r.Done || r.Total.Copied+r.Total.Quarantined != before.Count() || r.Total.Quarantined == 0 {
		t.Errorf("of %d messages: %+v", before.Count(), r)
	}
	names := testbed.CompareOptions{Map: func(name string) string {
		switch name {
		case "INBOX.Sent", "INBOX.Trash":
			return strings.TrimPrefix(name, "INBOX.")
		case "INBOX.Spam":
			return "Junk"
		}
		return testbed.DefaultMap(name)
	}}
	if bad := testbed.Compare(before, snapshot(t, p.imap), names); bad != nil {
		t.Errorf("through the proxy:\n%s", strings.Join(bad, "\n"))
	}
	if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	code, out, _ := call("verify", "--state", p.state)
	if code != exitFailed || !strings.Contains(out, "refused") || strings.Contains(out, "missing") || strings.Contains(out, "other bytes") {
		t.Errorf("verify: %d\n%s", code, out)
	}
	p.stop(t)
}
