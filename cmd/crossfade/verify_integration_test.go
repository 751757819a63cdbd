//go:build integration

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crossfade/backfill/verify"
	"crossfade/internal/testbed"
)

// TestVerifyFindsSeededFaults changes the new server's files behind everybody's back, one fault each. Each is found,
// counted and named, and the comparison changes nothing on either side: not even \Seen.
func TestVerifyFindsSeededFaults(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	for i := range 8 {
		body := fmt.Sprintf("Message-ID: <%d@seeded.test>\r\nFrom: a@example.test\r\nSubject: %d\r\n\r\nSome text of message %d.\r\n", i, i, i)
		if said := appendRaw(t, source.Addr, "INBOX", "", []byte(body)); !strings.HasPrefix(said, "b OK") {
			t.Fatal(said)
		}
	}
	p := newProxy(t, bed)
	p.start(t)
	enrol(t, p.imap)
	p.settle(t, 8)
	if code, out, errs := call("verify", "--state", p.state); code != exitWell {
		t.Fatalf("before: %d %s %s", code, out, errs)
	}
	if code, _, errs := call("hold", "--state", p.state); code != exitWell {
		t.Fatal(errs)
	}
	dest.Kill(t) // a process that outlived it would hold on to what is removed
	seed(t, filepath.Join(bed.Dir, testbed.Dest, "mail", testbed.User(0), "Maildir"))
	dest.Start(t)
	sides := func() [2]testbed.Snapshot {
		return [2]testbed.Snapshot{snapshot(t, source.Addr), snapshot(t, dest.Addr)}
	}
	before := sides()

	code, out, errs := call("verify", "--json", "--state", p.state)
	if code != exitFailed {
		t.Errorf("%d %s", code, errs)
	}
	r := inboxOf(t, out)
	if r.OK || r.Missing != 1 || r.Doubled != 1 || r.Different != 1 || r.FlagsDiffer != 1 || r.DatesDiffer != 1 || r.Unread+r.Waiting+r.Unknown != 0 || r.Problem != "" || r.Done != 6 || r.Total != 8 {
		t.Errorf("%+v", r)
	}
	named := map[string]string{}
	for _, d := range r.Differences {
		named[d.MessageID] += d.Kind
	}
	for id, kind := range map[int]string{0: "missing", 1: "doubled", 2: "different", 3: "flags", 4: "date"} {
		if got := named[fmt.Sprintf("<%d@seeded.test>", id)]; got != kind {
			t.Errorf("message %d is named as %q, want %q", id, got, kind)
		}
	}
	if len(named) != 5 {
		t.Errorf("named: %v", named)
	}
	for i, after := range sides() {
		if bad := before[i].Diff(after); bad != nil {
			t.Errorf("the comparison changed side %d:\n%s", i, strings.Join(bad, "\n"))
		}
	}
	p.stop(t)
}

// inboxOf finds the line of INBOX.
func inboxOf(t *testing.T, lines string) (r verify.Report) {
	t.Helper()
	for s := bufio.NewScanner(strings.NewReader(lines)); s.Scan(); {
		var f verify.Report
		if json.Unmarshal(s.Bytes(), &f) == nil && f.Folder == "INBOX" {
			return f
		}
	}
	t.Fatalf("no INBOX in\n%s", lines)
	return r
}

// seed makes one fault in each of five files of a Maildir: gone, there twice, other bytes, other flags, another date.
// The server's caches go, so that it reads the files.
func seed(t *testing.T, maildir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	files := map[int]string{}
	for _, dir := range []string{"cur", "new"} {
		all, err := filepath.Glob(filepath.Join(maildir, dir, "*"))
		must(err)
		for _, f := range all {
			text, err := os.ReadFile(f)
			must(err)
			for i := range 8 {
				if bytes.Contains(text, []byte(fmt.Sprintf("<%d@seeded.test>", i))) {
					files[i] = f
				}
			}
		}
	}
	if len(files) != 8 {
		t.Fatalf("%d messages in %s", len(files), maildir)
	}
	info, err := os.Stat(files[1])
	must(err)
	must(os.Remove(files[0]))
	twin := filepath.Join(maildir, "cur", "1."+strings.TrimPrefix(filepath.Base(files[1]), "1"))
	text, err := os.ReadFile(files[1])
	must(err)
	must(os.WriteFile(twin, text, 0o600))
	must(os.Chtimes(twin, info.ModTime(), info.ModTime()))
	owner(t, twin, info)
	rewrite(t, files[2], "Some text", "SOME TEXT")
	base, _, _ := strings.Cut(filepath.Base(files[3]), ":2,")
	must(os.Rename(files[3], filepath.Join(maildir, "cur", base+":2,F")))
	must(os.Chtimes(files[4], time.Unix(1e9, 0), time.Unix(1e9, 0)))
	caches, err := filepath.Glob(filepath.Join(maildir, "dovecot.index*"))
	must(err)
	for _, f := range caches {
		must(os.Remove(f))
	}
}

// rewrite changes a file's bytes and leaves its size and time.
func rewrite(t *testing.T, path, old, new string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s: %v", text, err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(new), 1), info.Mode()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// owner gives a file to the owner of another.
func owner(t *testing.T, path string, like os.FileInfo) {
	t.Helper()
	st, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no owner")
	}
	if err := os.Chown(path, int(st.Uid), int(st.Gid)); err != nil {
		t.Fatal(err)
	}
}
