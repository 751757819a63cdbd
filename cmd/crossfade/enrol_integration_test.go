//go:build integration

package main

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

// TestNeverLogsIn: who never logs in is enrolled by the admin, with the old server's passwords in a table. The mailbox is made,
// and filled but for the two folders that the new server would empty of old mail: accounts names them, and they go on when
// the admin says so. At their first login users have their own password, and see everything.
func TestNeverLogsIn(t *testing.T) {
	t.Parallel()
	d := newFirstDay(t, 2)
	d.serve(t, "--login-mode", "capture", "--users", d.table(t))
	said := d.proxy.says(t, "accounts", "enrol", "--json")
	for _, u := range d.users {
		if !strings.Contains(said, u.login) || !strings.Contains(said, backfill.EnrolMade) {
			t.Errorf("enrol says:\n%s", said)
		}
		if m, ok := d.dest.Directory.Mailbox(u.login); !ok || m.Password == u.secret || m.Locale != u.mailbox.lang {
			t.Errorf("%s: a mailbox %v, the old password before its first login %v, language %q", u.login, ok, m.Password == u.secret, m.Locale)
		}
	}
	total := 0
	for _, u := range d.users {
		total += u.before.Count()
		for _, folder := range d.held(t, u.login) {
			d.proxy.says(t, "resume", "--account", u.login, "--folder", folder)
		}
	}
	d.proxy.settle(t, total)
	for i, u := range d.users {
		if err := u.enter(t.Context(), d.proxy.imap, i); err != nil {
			t.Fatal(err)
		}
		if err := u.seePython(t, d.proxy.imap); err != nil {
			t.Error(err)
		}
		d.moved(t, u)
	}
	d.proxy.stop(t)
}

// held waits until two folders of an account are held from being cleaned, and returns them as accounts says to name them.
func (d *firstDay) held(t *testing.T, login string) (folders []string) {
	t.Helper()
	named := regexp.MustCompile(`--folder (".*?")'`)
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		folders = nil
		for line := range strings.Lines(d.proxy.says(t, "accounts", "--json")) {
			var a backfill.ListedAccount
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				t.Fatal(err)
			}
			for _, n := range a.Needs {
				if found := named.FindStringSubmatch(n.Text); found != nil && a.Account == login {
					folder, err := strconv.Unquote(found[1])
					if err != nil {
						t.Fatal(err)
					}
					folders = append(folders, folder)
				}
			}
		}
		if len(folders) == 2 {
			return folders
		}
	}
	t.Fatalf("%s: %q are held, want the trash and the junk", login, folders)
	return nil
}

// says runs a command against the running proxy.
func (p *proxyProcess) says(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := call(append(args, "--state", p.state)...)
	if code != exitWell {
		t.Fatalf("crossfade %s: %d %s\n%s", strings.Join(args, " "), code, errs, p.said)
	}
	return out
}
