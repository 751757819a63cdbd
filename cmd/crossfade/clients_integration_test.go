//go:build integration

package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/backfill/verify"
	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// toCyrus maps the raw names of the source to those of Cyrus.
func toCyrus(name string) string {
	switch name {
	case "INBOX.Sent", "INBOX.Trash":
		return strings.TrimPrefix(name, "INBOX.")
	case "INBOX.Spam":
		return "Junk"
	}
	return testbed.DefaultMap(name)
}

// TestClients: go-imap's client, Python's imaplib, mbsync and curl use the mailbox before, while and after it moves.
func TestClients(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]func(string) string{testbed.Dest: testbed.DefaultMap, testbed.Cyrus: toCyrus} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time goes by waiting
			s := newStory(t, name, to)
			s.firstSight(t)
			s.work(t, "before it moves")
			s.arrivals(t)
			if held, n := s.p.report(t).Total, snapshot(t, s.dest.Addr).Count(); held.Copied > 0 || held.Above != n {
				t.Errorf("%d messages on the destination although the backfill is held: %+v", n, held)
			}
			if code, out, errs := call("release", "--state", s.p.state); code != exitWell {
				t.Fatalf("release: %s %s", out, errs)
			}
			s.work(t, "while it moves")
			s.arrivals(t)
			s.moved(t)
			s.work(t, "when it has moved")
			s.arrivals(t)
			s.moved(t)
			s.p.stop(t)
		})
	}
}

// story is one mailbox, its two servers, the proxy in front and the clients.
type story struct {
	source, dest *testbed.Server
	to           func(string) string // names of the source to names that clients see
	p            *proxyProcess
	model        *mailModel
	before       testbed.Snapshot  // of the source
	files        map[string]string // of the source
	mail         string            // where those are
	sync         *mbsync
}

func newStory(t *testing.T, dest string, to func(string) string) *story {
	return newStoryOf(t, nil, dest, to, "--folders", "14", "--per-folder", "40", "--nul", "--mean", "8000", "--most", "1000000")
}

// newStoryOf is newStory with other servers and other mail.
func newStoryOf(t *testing.T, env []string, dest string, to func(string) string, shape ...string) *story {
	bed := testbed.Start(t, append(env, "CROSSFADE_DEST_FSYNC=never"), testbed.Source, dest)
	s := &story{source: bed.Server(testbed.Source), dest: bed.Server(dest), to: to, sync: newMbsync(t)}
	s.source.Fill(t, testbed.User(0), shape...)
	s.mail = filepath.Join(bed.Dir, testbed.Source, "mail", testbed.User(0), "Maildir")
	s.rebase(t)
	slow := faults.NewRelay(t, s.dest.Addr, 15*time.Millisecond) // so that clients meet mail on its way
	s.p = proxyBetween(t, bed, s.source.PlainURL(), slow.URL(), "--hold-backfill")
	s.p.start(t)
	return s
}

// rebase takes the source as it is now.
func (s *story) rebase(t *testing.T) {
	t.Helper()
	s.before, s.files = snapshot(t, s.source.Addr), messageFiles(t, s.mail)
}

// wantSourceUntouched compares the source over IMAP and on its disk with what it was.
func (s *story) wantSourceUntouched(t *testing.T) {
	t.Helper()
	if bad := s.before.Diff(snapshot(t, s.source.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	if now := messageFiles(t, s.mail); !maps.Equal(now, s.files) {
		for name := range now {
			if s.files[name] != now[name] {
				t.Errorf("on the source's disk: %s is new or has changed", name)
			}
		}
		t.Errorf("the source's disk had %d files and has %d", len(s.files), len(now))
	}
}

// messageFiles are the files of a Maildir but for those that Dovecot and mbsync make for themselves.
func messageFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), "dovecot") || e.Name()[0] == '.' {
			return err
		}
		text, err := os.ReadFile(path)
		out[path] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// firstSight: every client sees all before anything is copied, under the source's numbers.
func (s *story) firstSight(t *testing.T) {
	t.Helper()
	old := newMbsync(t)
	if said, err := old.sync(s.source.Addr, "INBOX"); err != nil {
		t.Fatalf("mbsync with the source: %s: %v", said, err)
	}
	has := messageFiles(t, filepath.Join(old.dir, "INBOX"))
	if said, err := old.sync(s.p.imap, "INBOX"); err != nil || len(has) < 40 || !maps.Equal(has, messageFiles(t, filepath.Join(old.dir, "INBOX"))) {
		t.Errorf("mbsync had INBOX, %d files, and changed them: %s: %v", len(has), said, err)
	}
	s.rebase(t) // mbsync selects, and its first SELECT takes \Recent from the source's mail
	seen, _ := seeGo(t, s.p.imap)
	s.model = newModel(t, snapshot(t, s.p.imap))
	for client, seen := range map[string]testbed.Snapshot{"go-imap": seen, "imaplib": seePython(t, s.p.imap)} {
		if bad := testbed.Compare(s.before, seen, testbed.CompareOptions{Map: s.to}); bad != nil {
			t.Errorf("%s, before anything moved:\n%s", client, strings.Join(bad, "\n"))
		}
		for name, f := range s.before.Folders {
			g := seen.Folders[s.to(name)]
			if len(f.Messages) > 0 && (f.UIDValidity != g.UIDValidity || !maps.Equal(f.Messages, g.Messages)) {
				t.Errorf("%s: %q has UIDVALIDITY %d, on the source %d, or its UIDs name other messages", client, name, g.UIDValidity, f.UIDValidity)
			}
		}
	}
	s.everySight(t)
}

// everySight wants each client to see the model.
func (s *story) everySight(t *testing.T) {
	t.Helper()
	s.model.adopt(t, snapshot(t, s.p.imap))
	seen, plain := seeGo(t, s.p.imap)
	s.model.wantSame(t, seen)
	s.model.wantSame(t, seePython(t, s.p.imap))
	if said, err := s.sync.sync(s.p.imap, "*"); err != nil {
		t.Errorf("mbsync: %s: %v", said, err)
	}
	s.sync.wantSame(t, s.model.Snapshot, plain)
	for _, folder := range []string{"INBOX", s.model.role(t, `\sent`)} {
		for _, uid := range seeCurl(t, s.p.imap, folder, s.model.Folders[folder].Messages) {
			msg := s.model.Folders[folder].Messages[uid]
			msg.Flags = flagged(msg.Flags, []string{`\Seen`}, nil) // curl does not peek
			s.model.Folders[folder].Messages[uid] = msg
		}
	}
	s.wantSourceUntouched(t)
}

// work lets three clients work at the same time, each on messages of its own, and compares.
func (s *story) work(t *testing.T, when string) {
	t.Helper()
	folders := []string{"INBOX", s.model.role(t, `\sent`)}
	for _, name := range slices.Sorted(maps.Keys(s.model.Folders)) {
		if len(s.model.Folders[name].Messages) >= 20 && name != s.model.role(t, `\trash`) && !slices.Contains(folders, name) && len(folders) < 5 {
			folders = append(folders, name)
		}
	}
	all := []string{"store", "move", "trash", "keywords", "delete", "copy", "read", "append"}
	clients := []struct {
		name  string
		kinds []string
		work  func(addr string, ops []clientOp) ([]clientResult, error)
	}{
		{"go-imap", all, workGo},
		{"imaplib", all, workPython},
		{"mbsync", []string{"store", "delete", "store", "append"}, s.sync.work},
	}
	// What mbsync does not know yet it would merge with what it is told to do.
	if said, err := s.sync.sync(s.p.imap, "*"); err != nil {
		t.Fatalf("mbsync: %s: %v", said, err)
	}
	plans, results := make([][]clientOp, len(clients)), make([][]clientResult, len(clients))
	var group errgroup.Group
	for i, c := range clients {
		plans[i] = s.model.plan(t, c.name, i, len(clients), folders, c.kinds)
	}
	start := time.Now()
	for i, c := range clients {
		group.Go(func() (err error) {
			if results[i], err = c.work(s.p.imap, plans[i]); err != nil {
				return fmt.Errorf("%s, %s: %w", c.name, when, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %v; %+v", when, time.Since(start).Round(time.Millisecond), s.p.report(t).Total)
	for i, c := range clients {
		s.model.apply(t, c.name, plans[i], results[i])
	}
	s.everySight(t)
}

// arrivals: mail that comes to either server shows up in a session that idles, within seconds.
func (s *story) arrivals(t *testing.T) {
	t.Helper()
	c, idle, exists := s.listens(t)
	defer c.Close()
	count := uint32(len(s.model.Folders["INBOX"].Messages))
	for _, server := range []*testbed.Server{s.source, s.dest} {
		op := clientOp{Op: "append", Folder: "INBOX", File: s.model.letter(t, "outside"), Date: time.Now().Unix() - 1000, Add: []string{`\Flagged`}}
		if server == s.source {
			s.wantSourceUntouched(t)
		}
		start := time.Now()
		if _, err := workGo(server.Addr, []clientOp{op}); err != nil {
			t.Fatalf("%s: %v", server.Name, err)
		}
		count++
		awaitCount(t, exists, count, server.Name)
		t.Logf("new mail on %s was told after %v", server.Name, time.Since(start).Round(time.Millisecond))
		s.model.apply(t, server.Name, []clientOp{op}, []clientResult{{}})
		if server == s.source {
			s.rebase(t)
		}
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	s.model.adopt(t, snapshot(t, s.p.imap))
}

func awaitCount(t *testing.T, exists <-chan uint32, count uint32, server string) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case n := <-exists:
			if n == count {
				return
			}
			if n > count {
				t.Fatalf("new mail on %s: %d messages told, want %d", server, n, count)
			}
		case <-late:
			t.Fatalf("new mail on %s was not told within half a minute", server)
		}
	}
}

// moved waits for the end of the move; then the destination holds what clients see, each message once, or verify
// lists it as refused with the server's words.
func (s *story) moved(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(longEnough); !s.p.report(t).Done; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not done: %+v\n%s", s.p.report(t), s.p.said)
		}
	}
	s.everySight(t)
	code, out, errs := call("verify", "--json", "--state", s.p.state)
	want := s.model.Snapshot
	want.Folders = maps.Clone(want.Folders)
	refused := 0
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var f verify.Report
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if f.Missing+f.Different+f.Unknown+f.Waiting+f.FlagsDiffer+f.DatesDiffer > 0 {
			t.Errorf("verify: %s", line)
		}
		g := want.Folders[f.Name]
		g.Messages = maps.Clone(g.Messages)
		for _, r := range f.Refused {
			if _, ok := g.Messages[r.UID]; !ok || r.Words == "" {
				t.Errorf("verify: %q UID %d was refused with the words %q, and is shown: %t", f.Name, r.UID, r.Words, ok)
			}
			delete(g.Messages, r.UID)
			refused++
		}
		if f.Name != "" {
			want.Folders[f.Name] = g
		}
	}
	if (refused == 0) != (code == exitWell) || (refused > 0) != (s.dest.Name == testbed.Cyrus) {
		t.Errorf("verify: exit code %d, %d refused\n%s%s", code, refused, out, errs)
	}
	same := testbed.CompareOptions{Map: func(name string) string { return name }}
	if bad := testbed.Compare(want, snapshot(t, s.dest.Addr), same); bad != nil {
		t.Errorf("destination:\n%s", strings.Join(bad, "\n"))
	}
}
