//go:build integration

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/internal/testbed"
)

// TestClientsSettle: clients that know a mailbox by the old server's numbers see it settle. Who has a folder open is sent
// away; mbsync takes every folder anew once, with no message lost, doubled or altered, and all of them work on.
func TestClientsSettle(t *testing.T) {
	t.Parallel()
	s := newStory(t, testbed.Dest, testbed.DefaultMap)
	s.firstSight(t)
	if code, out, errs := call("release", "--state", s.p.state); code != exitWell {
		t.Fatalf("release: %s %s", out, errs)
	}
	s.work(t, "while it moves")
	s.moved(t)
	before := snapshot(t, s.p.imap)
	c, err := dialGo(s.p.imap, &imapclient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.open("INBOX"); err != nil {
		t.Fatal(err)
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- idle.Wait() }()
	s.p.settleNow(t, testbed.User(0))
	select {
	case <-gone:
	case <-time.After(longEnough):
		t.Error("a client that idles in INBOX is not sent away")
	}
	after := snapshot(t, s.p.imap)
	same := testbed.CompareOptions{Map: func(name string) string { return name }}
	if bad := testbed.Compare(before, after, same); bad != nil {
		t.Errorf("other mail after settling:\n%s", strings.Join(bad, "\n"))
	}
	for name, f := range after.Folders {
		if len(f.Messages) > 0 && before.Folders[name].UIDValidity == f.UIDValidity && name != "" {
			t.Errorf("%s has UIDVALIDITY %d still", name, f.UIDValidity)
		}
	}
	// mbsync goes on by itself where the numbers are as they were; else it will not touch the folder until it is told to
	// begin anew. It never takes one message for another.
	if said, err := s.sync.sync(s.p.imap, "*"); err != nil && !strings.Contains(err.Error(), "UIDVALIDITY genuinely changed") {
		t.Errorf("mbsync: %s: %v", said, err)
	}
	if bad := after.Diff(snapshot(t, s.p.imap)); bad != nil {
		t.Errorf("mbsync changed mail:\n%s", strings.Join(bad, "\n"))
	}
	// What its user has to do: drop the copies of these folders.
	for name := range after.Folders {
		for _, part := range []string{"cur", "new", "tmp", ".mbsyncstate", ".uidvalidity"} {
			if err := os.RemoveAll(filepath.Join(s.sync.dir, filepath.FromSlash(name), part)); err != nil {
				t.Fatal(err)
			}
		}
	}
	tap := newTap(t, s.p.imap)
	if said, err := s.sync.sync(tap.addr, "*"); err != nil || tap.read() != after.Count() {
		t.Errorf("mbsync begins anew, and does not read %d messages, each once: %s: %v", after.Count(), said, err)
	}
	s.model = newModel(t, after)
	s.everySight(t)
	s.work(t, "when it has settled")
	s.arrivals(t)
	s.moved(t)
	s.p.stop(t)
}
