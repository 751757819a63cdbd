//go:build integration

package main

import (
	"maps"
	"strings"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// TestTheEnd is the story of an account's way out, with real servers: it moves, settles by command, and its mail is shown
// under the destination's numbers; late mail on the source still arrives; then it is closed, and the source is asked no
// more, which is why nothing changes when it is gone.
func TestTheEnd(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	source, dest, user := bed.Server(testbed.Source), bed.Server(testbed.Dest), testbed.User(0)
	source.Fill(t, user, "--folders", "6", "--per-folder", "8")
	before := snapshot(t, source.Addr)
	snapshot(t, dest.Addr)
	relay := faults.NewRelay(t, source.Addr, 0)
	p := proxyBetween(t, bed, relay.URL(), dest.URL(), "--settle-after", "never")
	p.start(t)
	snapshot(t, p.imap)
	p.settle(t, before.Count())
	if code, out, _ := call("settle", "--state", p.state); code != exitFailed || !strings.Contains(out, "only by command") {
		t.Errorf("settle: %d\n%s", code, out)
	}
	p.settleNow(t, user)
	shown, above := snapshot(t, p.imap), snapshot(t, dest.Addr)
	for name, f := range shown.Folders {
		if g := above.Folders[name]; f.UIDValidity != g.UIDValidity || !maps.Equal(f.Messages, g.Messages) {
			t.Errorf("%s: UIDVALIDITY %d, on the destination %d, or its UIDs name other messages", name, f.UIDValidity, g.UIDValidity)
		}
	}
	if in := before.Folders["INBOX"].UIDValidity; shown.Folders["INBOX"].UIDValidity == in {
		t.Errorf("INBOX is still shown under the source's UIDVALIDITY %d", in)
	}

	if said := appendRaw(t, source.Addr, "INBOX", "", []byte("Message-ID: <late@test>\r\nSubject: late\r\n\r\nlate\r\n")); !strings.HasPrefix(said, "b OK") {
		t.Fatal(said)
	}
	p.shows(t, before.Count()+1)
	if code, out, _ := call("close", "--account", user, "--state", p.state); code != exitFailed || !strings.Contains(out, "less than 14 days ago") {
		t.Errorf("close: %d\n%s", code, out)
	}
	if code, out, errs := call("close", "--account", user, "--yes", "--state", p.state); code != exitWell {
		t.Fatalf("close --yes: %d\n%s%s", code, out, errs)
	}
	asked := settled(func() int64 { return relay.Passed(faults.ToServer) }) // an IDLE may be ending yet
	for _, gone := range []bool{false, true} {
		relay.Down(gone)
		if n := snapshot(t, p.imap).Count(); n != before.Count()+1 {
			t.Errorf("%d messages, want %d", n, before.Count()+1)
		}
		if code, out, errs := call("status", "--state", p.state); code != exitWell || !strings.Contains(out, "closed") {
			t.Errorf("status: %d\n%s%s", code, out, errs)
		}
		p.stop(t)
		p.start(t)
	}
	if n := relay.Passed(faults.ToServer); n != asked {
		t.Errorf("the source was sent %d bytes after the account was closed", n-asked)
	}
	p.stop(t)
	if log := p.said.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
		t.Errorf("the log:\n%s", log)
	}
}

// settled waits until a count stands still for a second.
func settled[N int | int64](count func() N) N {
	for last := count(); ; {
		time.Sleep(time.Second)
		now := count()
		if now == last {
			return now
		}
		last = now
	}
}

// settleNow has everything settle by command.
func (p *proxyProcess) settleNow(t testing.TB, user string) {
	t.Helper()
	var code int
	var out, errs string
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if code, out, errs = call("settle", "--account", user, "--now", "--state", p.state); code == exitWell {
			return
		}
	}
	t.Fatalf("settle: %d\n%s%s\n%s", code, out, errs, p.said)
}

// shows waits until clients see so many messages in all.
func (p *proxyProcess) shows(t testing.TB, want int) {
	t.Helper()
	n := 0
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if n = snapshot(t, p.imap).Count(); n == want {
			return
		}
	}
	t.Fatalf("clients see %d messages, want %d\n%s", n, want, p.said)
}
