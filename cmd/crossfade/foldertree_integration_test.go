//go:build integration

package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// namesOf are the names that a LIST or LSUB answers with.
func namesOf(t *testing.T, addr, verb, reference, pattern string) (names []string) {
	t.Helper()
	if err := json.Unmarshal(oldClient(t, addr, []string{"names", verb, reference, pattern}), &names); err != nil {
		t.Fatal(err)
	}
	return names
}

// TestFolderTree: a client makes, renames and deletes folders under their new and their old names, before and after their
// mail is copied, and INBOX is renamed. The new server ends with exactly that, and the old one is as it was.
func TestFolderTree(t *testing.T) {
	t.Parallel()
	for name, dest := range map[string]string{"Dovecot": testbed.Dest, "Cyrus": testbed.Cyrus} {
		for when, copied := range map[string]bool{"uncopied": false, "copied": true} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				folderTree(t, dest, copied)
			})
		}
	}
}

func folderTree(t *testing.T, dest string, copied bool) {
	bed := testbed.Start(t, nil, testbed.Source, dest)
	source, to := bed.Server(testbed.Source), bed.Server(dest)
	oldClient(t, source.Addr, []string{"create", "INBOX.Work"}, []string{"create", "INBOX.Work.Sub"}, []string{"create", "INBOX.Old"}, []string{"create", "INBOX.Top"},
		[]string{"create", "INBOX.Top.Sub"}, []string{"put", "INBOX.Work", "w1"}, []string{"put", "INBOX.Work", "w2"}, []string{"put", "INBOX.Work.Sub", "s1"},
		[]string{"put", "INBOX.Old", "o1"}, []string{"put", "INBOX.Top", "t1"}, []string{"put", "INBOX.Top.Sub", "t2"}, []string{"put", "INBOX.Sent", "sent"},
		[]string{"put", "INBOX", "i1"}, []string{"put", "INBOX", "i2"})
	before := snapshot(t, source.Addr)
	p := proxyBetween(t, bed, source.PlainURL(), to.PlainURL(), "--hold-backfill")
	p.start(t)
	defer func() {
		if t.Failed() {
			p.kill()
			t.Log(p.said)
		}
	}()
	enrol(t, p.imap)
	resume := func() {
		t.Helper()
		if code, _, errs := call("resume", "--state", p.state); code != exitWell {
			t.Fatal(errs)
		}
	}
	if copied {
		resume()
		p.copied(t, 9)
	}
	defaults := namesOf(t, to.Addr, "list", "", "*")
	// Cyrus deletes no folder that has others below it, once they are there.
	spares := dest != testbed.Cyrus || !copied
	top := []string{"delete", "Top"}
	if !spares {
		top = []string{"refused", "delete", "Top"}
	}
	oldClient(t, p.imap,
		[]string{"select", "INBOX.Work"}, []string{"refused", "create", "INBOX.Work"}, []string{"refused", "rename", "Work", "INBOX.Old"},
		[]string{"rename", "Work", "Job"}, []string{"uid", "STORE", "1", "+FLAGS", `(\Flagged)`}, // it stays selected
		[]string{"create", "Work"}, []string{"put", "Work", "new"}, // under a name that was another one's
		[]string{"delete", "INBOX.Old"}, []string{"create", "INBOX.Old"}, []string{"put", "INBOX.Old", "again"},
		top, []string{"refused", "delete", "Top"}, // a level by now
		[]string{"create", "INBOX.Work.Made"}, []string{"put", "Job/Made", "made"},
		[]string{"rename", "INBOX", "Moved"}, []string{"put", "INBOX", "i3"}, []string{"refused", "rename", "INBOX", "Moved"}, []string{"refused", "delete", "INBOX"})
	listed := namesOf(t, p.imap, "list", "INBOX.", "*")
	if want := []string{"INBOX.Old", "INBOX.Sent", "INBOX.Top.Sub", "INBOX.Work", "INBOX.Work.Made", "INBOX.Work.Sub"}; !subset(want, listed) {
		t.Errorf("listed under the prefix: %q", listed)
	}
	if all := namesOf(t, p.imap, "list", "", "*"); slices.ContainsFunc(all, func(n string) bool { return strings.HasPrefix(n, "INBOX.") }) {
		t.Errorf("listed: %q", all)
	}
	resume()
	p.stop(t)
	p.args = slices.DeleteFunc(p.args, func(a string) bool { return a == "--hold-backfill" })
	p.start(t)
	enrol(t, p.imap)
	sent := "Sent Items"
	if dest == testbed.Cyrus {
		sent = "Sent"
	}
	want := map[string]map[string]string{
		"INBOX": {"i3": ""}, "Moved": {"i1": "", "i2": ""}, "Job": {"w1": `\Flagged`, "w2": ""}, "Job/Sub": {"s1": ""}, "Job/Made": {"made": ""},
		"Work": {"new": ""}, "Old": {"again": ""}, "Top/Sub": {"t2": ""}, sent: {"sent": ""},
	}
	if !spares {
		want["Top"] = map[string]string{"t1": ""}
	}
	holds := func(tree map[string]map[string]string) bool {
		for f, msgs := range tree {
			if !maps.Equal(msgs, want[f]) {
				return false
			}
		}
		for f := range want {
			if tree[f] == nil {
				return false
			}
		}
		return true
	}
	var got map[string]map[string]string
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(time.Second) {
		if got = tree(t, to.Addr); holds(got) {
			break
		}
	}
	if through := tree(t, p.imap); !holds(got) || !holds(through) {
		t.Errorf("the server has\n%v\nclients see\n%v\nwant\n%v and empty %q", got, through, want, defaults)
	}
	if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	if r := p.report(t); len(r.Accounts) != 1 || r.Accounts[0].AliasUses == 0 {
		t.Errorf("uses of old names are not counted: %+v", r.Accounts)
	}
	oldClient(t, source.Addr, []string{"put", "INBOX.Old", "late"}) // looked at soon: it was opened
	want["Old"]["late"] = ""
	for end := time.Now().Add(longEnough); time.Now().Before(end) && !holds(tree(t, to.Addr)); time.Sleep(2 * time.Second) {
	}
	if got, through := tree(t, to.Addr), tree(t, p.imap); !holds(got) || !holds(through) {
		t.Errorf("with late mail the server has\n%v\nclients see\n%v\nwant\n%v", got, through, want)
	}
	p.stop(t)
}

func subset(want, have []string) bool {
	for _, n := range want {
		if !slices.Contains(have, n) {
			return false
		}
	}
	return true
}
