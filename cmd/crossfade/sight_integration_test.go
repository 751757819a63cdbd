//go:build integration

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/testbed"
)

// TestMasterSeesPart: a Dovecot applies its access lists to the master user, who is shown one user's INBOX and nothing else,
// and nothing at all of another's. The one is enrolled and not done, the other is not let in; check, plan, status, accounts
// and finish say why. When the old server is told to apply the users' own lists, and the admin has said so of the mailbox that
// still names the master in its list, everything moves.
func TestMasterSeesPart(t *testing.T) {
	t.Parallel()
	_, port, _ := net.SplitHostPort(testbed.FreePort(t))
	bed := testbed.Start(t, []string{"CROSSFADE_SOURCE_SIEVE=" + port}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	part, none := testbed.User(0), testbed.User(1)
	for _, user := range []string{part, none} {
		c, err := dialGoAs(source.Addr, user, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Create("INBOX.Work", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{"INBOX", "INBOX.Work"} {
			(localized{}).put(t, c, f, "in "+f)
		}
		if user == part {
			if err := c.SetACL("INBOX", goimap.RightsIdentifier("master@example.test"), goimap.RightModificationReplace, goimap.RightSet("lrs")).Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	word := filepath.Join(t.TempDir(), "word")
	own := filepath.Join(t.TempDir(), "own")
	for path, text := range map[string]string{word: "masters-" + testbed.Pass, own: testbed.Pass} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	servers := []string{"--source", source.PlainURL(), "--destination", dest.PlainURL(), "--source-master", "master@example.test",
		"--source-master-password-file", word, "--source-master-form", "sasl"}
	look := func(name, user, want string) {
		t.Helper()
		if _, out, errs := call(append([]string{name, "--user", user, "--password-file", own}, servers...)...); !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("%s of %s does not say %q:\n%s%s", name, user, want, out, errs)
		}
	}
	look("check", part, `RED hidden: the old server shows the user`)
	look("check", none, `RED hidden: the old server shows the user`)
	look("plan", part, "this may not be all")
	look("plan", none, "does not show INBOX")

	p := proxyBetween(t, bed, source.PlainURL(), dest.PlainURL(), servers[4:]...)
	p.start(t)
	if c, err := dialGoAs(p.imap, none, nil); err == nil {
		_ = c.Close()
		t.Error("a user is let in of whose mailbox nothing is shown")
	}
	enrolAs(t, p.imap, part)
	a := p.await(t, part, func(a backfill.AccountReport) bool { return a.Done || a.Counts.Copied == 1 && a.Hidden != "" })
	if a.Done || !strings.Contains(a.Hidden, "folders that it may not see are not listed") {
		t.Errorf("with a folder that was never seen: done %t, hidden: %s", a.Done, a.Hidden)
	}
	for _, c := range []struct{ command, want string }{
		{"accounts", "does not show INBOX"}, {"accounts", "may not see are not listed"}, {"status", "acl_user = %u"}, {"finish", "RED       hidden: in 1 accounts"},
	} {
		if _, out, errs := call(c.command, "--state", p.state); !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(c.want), " ")) {
			t.Errorf("%s does not say %q:\n%s%s", c.command, c.want, out, errs)
		}
	}
	p.stop(t)

	source.Anew(t, "CROSSFADE_SOURCE_ACLUSER=%u")
	look("check", none, "green hidden: nothing says")
	p.start(t)
	enrolAs(t, p.imap, none)
	// The entry that was made for the master is still in the one's access list, though it does not count any more: nobody but
	// the admin knows that.
	hidden := p.await(t, part, func(a backfill.AccountReport) bool { return strings.Contains(a.Hidden, "an entry of its own") })
	if _, out, errs := call("accept", "--whole", "--account", part, "--state", p.state); hidden.Done || !strings.Contains(out, "1 mailboxes") {
		t.Errorf("done: %t; accept: %s%s", hidden.Done, out, errs)
	}
	p.settle(t, 4)
	for _, user := range []string{part, none} {
		c, err := dialGoAs(dest.Addr, user, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, f := range []string{"INBOX", "Work"} {
			if st, err := c.Select(f, nil).Wait(); err != nil || st.NumMessages != 1 {
				t.Errorf("%s: %s: %+v, %v", user, f, st, err)
			}
		}
	}
	if _, out, _ := call("finish", "--state", p.state); !strings.Contains(out, "GREEN     hidden") {
		t.Errorf("finish:\n%s", out)
	}
	p.stop(t)
}

// await waits until an account's report is as it should be.
func (p *proxyProcess) await(t *testing.T, user string, as func(backfill.AccountReport) bool) backfill.AccountReport {
	t.Helper()
	for end := time.Now().Add(longEnough); ; time.Sleep(50 * time.Millisecond) {
		r := p.report(t)
		for _, a := range r.Accounts {
			if a.Account == user && as(a) {
				return a
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%+v\n%s", r, p.said)
		}
	}
}
