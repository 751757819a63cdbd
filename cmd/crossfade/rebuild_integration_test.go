//go:build integration

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/internal/testbed"
)

// expungeFirst deletes the first n messages of INBOX as a user does.
func expungeFirst(t *testing.T, addr string, n uint32) {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	set := imap.SeqSet{imap.SeqRange{Start: 1, Stop: n}}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	for _, step := range []func() error{
		func() error { return c.Login(testbed.User(0), testbed.Pass).Wait() },
		func() error { _, err := c.Select("INBOX", nil).Wait(); return err },
		func() error { return c.Store(set, deleted, nil).Close() },
		func() error { return c.Expunge().Close() },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// refused wants the account not to be served.
func (p *proxyProcess) refused(t *testing.T) {
	t.Helper()
	_, err := testbed.Read(p.imap, testbed.User(0), testbed.Pass)
	if err == nil || !strings.Contains(err.Error(), "UNAVAILABLE") || !strings.Contains(err.Error(), "administrator") {
		t.Fatalf("the login is answered with %v", err)
	}
}

// rebuild runs 'crossfade rebuild' until the account is ready.
func (p *proxyProcess) rebuild(t *testing.T) (would int) {
	t.Helper()
	var a rebuildAnswer
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		code, out, errs := call("rebuild", "--json", "--state", p.state)
		if code != exitWell {
			t.Fatalf("rebuild: %d %s", code, errs)
		}
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatal(err)
		}
		if len(a.Waiting) == 1 && a.Waiting[0].State == "ready" {
			for _, f := range a.Waiting[0].Folders {
				would += f.Return
			}
			return would
		}
	}
	t.Fatalf("never ready: %+v\n%s", a, p.said)
	return 0
}

// TestRebuildStory moves an account, has its user delete mail, and then restores an older state, and then loses it whole:
// nothing is served or written before the admin has spoken, and what was deleted stays so.
func TestRebuildStory(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	source.Fill(t, testbed.User(0), "--folders", "12", "--per-folder", "12")
	before := snapshot(t, source.Addr)
	p := newProxy(t, bed)
	p.start(t)
	shown := snapshot(t, p.imap).Folders["INBOX"].UIDValidity
	p.settle(t, before.Count())
	p.stop(t)
	db, backup := filepath.Join(p.state, "db"), filepath.Join(t.TempDir(), "db")
	if err := os.CopyFS(backup, os.DirFS(db)); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	expungeFirst(t, p.imap, 3)
	p.stop(t)
	after := snapshot(t, dest.Addr)

	for _, way := range []string{"old", "lost"} {
		t.Run(way, func(t *testing.T) {
			if err := os.RemoveAll(db); err != nil {
				t.Fatal(err)
			}
			if way == "old" {
				if err := os.CopyFS(db, os.DirFS(backup)); err != nil {
					t.Fatal(err)
				}
			}
			p.start(t)
			p.refused(t)
			p.kill() // in the middle of the matching
			p.start(t)
			if would := p.rebuild(t); would != 3 {
				t.Errorf("%d messages would return", would)
			}
			p.refused(t)
			if bad := after.Diff(snapshot(t, dest.Addr)); bad != nil {
				t.Errorf("the destination was changed:\n%s", strings.Join(bad, "\n"))
			}
			if code, out, errs := call("rebuild", "--discard", "--state", p.state); code != exitWell || !strings.Contains(out, testbed.User(0)) {
				t.Fatalf("rebuild --discard: %d %s %s", code, out, errs)
			}
			seen := snapshot(t, p.imap)
			p.settle(t, before.Count()-3)
			if bad := after.Diff(snapshot(t, dest.Addr)); bad != nil {
				t.Errorf("destination:\n%s", strings.Join(bad, "\n"))
			}
			if now := seen.Folders["INBOX"].UIDValidity; now <= shown || seen.Count() != after.Count() {
				t.Errorf("INBOX is shown under %d, before under %d; %d messages are shown of %d", now, shown, seen.Count(), after.Count())
			}
			shown = seen.Folders["INBOX"].UIDValidity
			if code, out, errs := call("verify", "--state", p.state); code != exitWell {
				t.Errorf("verify: %d\n%s\n%s", code, out, errs)
			}
			p.stop(t)
		})
	}
	if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
}
