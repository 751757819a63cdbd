//go:build integration

package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"crossfade/internal/testbed"
)

// TestTheWayBack: people work through the proxy for a while; what only the new server has is exported and put into the old
// server over IMAP. Then the old server has everything, each message once, with its flags, keywords and date.
func TestTheWayBack(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Dest)
	old, fresh := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	old.Fill(t, testbed.User(0), "--folders", "6", "--per-folder", "12", "--mean", "3000", "--most", "100000")
	before := snapshot(t, old.Addr)
	p := newProxy(t, bed)
	p.start(t)
	enrol(t, p.imap)
	p.settle(t, before.Count())

	model := newModel(t, snapshot(t, p.imap))
	type born struct {
		folder string // the old server's
		flags  string
		date   int64
	}
	want := map[string]born{} // by the sum of the bytes
	add := func(addr, folder, oldName string, flags ...string) {
		t.Helper()
		op := clientOp{Op: "append", Folder: folder, File: model.letter(t, "born"), Date: 1_700_000_000 + int64(len(want)), Add: flags}
		if _, err := workGo(addr, []clientOp{op}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(op.File)
		if err != nil {
			t.Fatal(err)
		}
		want[fmt.Sprintf("%x", sha256.Sum256(text))] = born{oldName, flagged("", flags, nil), op.Date}
	}
	c, err := dialGo(p.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, name := range []string{"Neu/Ordner ä", "Sent Items/2026"} {
		if err := c.Create(name, nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		add(p.imap, "INBOX", "INBOX", `\Seen`, `\Flagged`)
		add(fresh.Addr, "INBOX", "INBOX") // delivered there
		add(p.imap, "Sent Items", "INBOX.Sent", `\Seen`, "Important")
		add(p.imap, "Neu/Ordner &AOQ-", "INBOX.Neu.Ordner &AOQ-", `\Answered`, "Important", "Later")
	}
	add(p.imap, "Sent Items/2026", "INBOX.Sent.2026", `\Seen`)
	if err := c.open("INBOX"); err != nil {
		t.Fatal(err)
	}
	uids := slices.Sorted(maps.Keys(model.Folders["INBOX"].Messages))
	if err := c.flag(imap.UIDSetNum(imap.UID(uids[0])), imap.StoreFlagsAdd, []string{`\Answered`, `\Flagged`, "Changed"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(imap.UID(uids[1])), "Deleted Items").Wait(); err != nil {
		t.Fatal(err)
	}

	out := filepath.Join(bed.Dir, "back")
	export := func(format string, had int) exportResult {
		t.Helper()
		code, said, errs := call("export", "--destination-only", "--json", "--state", p.state, "--out", filepath.Join(out, format), "--format", format)
		var r exportResult
		if err := json.Unmarshal([]byte(strings.SplitN(said, "\n", 2)[0]), &r); err != nil || code != exitWell {
			t.Fatalf("%d %s%s %v", code, said, errs, err)
		}
		if r.Counts.Messages != len(want) || r.Counts.Had != had || r.Counts.Moved != 1 || r.Counts.Flags != 1 || r.Counts.Deleted != 0 {
			t.Errorf("%s: %+v, want %d messages", format, r.Counts, len(want))
		}
		return r
	}
	r := export("maildir", 0)
	export("maildir", len(want))
	export("mbox", 0)
	export("mbox", len(want))
	if bad := before.Diff(snapshot(t, old.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	p.stop(t)

	_, port, err := net.SplitHostPort(old.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runClient(nil, "python3", "../../testdata/clients/import.py", port, testbed.User(0), testbed.Pass, r.Dir); err != nil {
		t.Fatal(err)
	}
	after := snapshot(t, old.Addr)
	for name, f := range after.Folders {
		for uid, m := range f.Messages {
			if was, ok := before.Folders[name].Messages[uid]; ok && was == m {
				continue
			}
			if got := (born{name, m.Flags, m.Date}); want[m.Sum] != got {
				t.Errorf("%s: %+v, want %+v", m.Sum, got, want[m.Sum])
			}
			delete(want, m.Sum)
		}
	}
	if len(want) > 0 || after.Count() != before.Count()+r.Counts.Messages {
		t.Errorf("the old server has %d messages, had %d, and lacks %v", after.Count(), before.Count(), fmt.Sprint(want))
	}
}
