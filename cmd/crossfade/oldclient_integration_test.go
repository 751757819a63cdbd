//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// oldClient runs commands with Python's imaplib and returns what it printed.
func oldClient(t *testing.T, addr string, commands ...[]string) []byte {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	var in strings.Builder
	for _, c := range commands {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	out, err := runClient([]byte(in.String()), "python3", "../../testdata/clients/old.py", port, testbed.User(0), testbed.Pass)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tree is what a server holds: by folder and Message-ID the flags of each copy.
func tree(t *testing.T, addr string) (out map[string]map[string]string) {
	t.Helper()
	var all map[string]map[string][]string
	if err := json.Unmarshal(oldClient(t, addr, []string{"tree"}), &all); err != nil {
		t.Fatal(err)
	}
	out = map[string]map[string]string{}
	for f, msgs := range all {
		out[f] = map[string]string{}
		for id, flags := range msgs {
			out[f][id] = strings.Join(flags, " and again ")
		}
	}
	return out
}

// TestOldClient: somebody still works on the old server itself after everything was copied: deletes, moves, flags, a
// renamed and a deleted folder end on the new one as they did there, and what users changed here meanwhile stays.
func TestOldClient(t *testing.T) {
	t.Parallel()
	for name, dest := range map[string]string{"Dovecot": testbed.Dest, "Cyrus": testbed.Cyrus} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bed := testbed.Start(t, nil, testbed.Source, dest)
			source, to := bed.Server(testbed.Source), bed.Server(dest)
			source.FillQuick(t, testbed.User(0), 30, 600)
			oldClient(t, source.Addr, []string{"create", "INBOX.Work"}, []string{"create", "INBOX.Work.Sub"}, []string{"create", "INBOX.Old"},
				[]string{"put", "INBOX.Work", "w1"}, []string{"put", "INBOX.Work", "w2"}, []string{"put", "INBOX.Work.Sub", "s1"}, []string{"put", "INBOX.Old", "o1"})
			p := proxyBetween(t, bed, source.PlainURL(), to.PlainURL())
			p.start(t)
			enrol(t, p.imap)
			p.copied(t, 34)
			id := func(n int) string { return fmt.Sprintf("%d.600@quick.test", n-1) }
			oldClient(t, p.imap, []string{"select", "INBOX"}, []string{"uid", "STORE", "3", "+FLAGS", `(\Flagged)`}, []string{"uid", "STORE", "5", "+FLAGS", `(\Answered)`})
			want := tree(t, to.Addr)
			oldClient(t, source.Addr, []string{"select", "INBOX"},
				[]string{"move", "3", "INBOX.Work"}, []string{"move", "4", "INBOX.Work"}, // one that a user here has changed, and one not
				[]string{"uid", "STORE", "1,5", "+FLAGS", `(\Deleted)`}, []string{"expunge"}, // of 5 the copy stays
				[]string{"uid", "STORE", "2", "+FLAGS", `(\Deleted)`}, []string{"uid", "STORE", "6", "+FLAGS", "($Work)"},
				[]string{"put", "INBOX", "late"}, []string{"delete", "INBOX.Old"}, []string{"rename", "INBOX.Work", "INBOX.Job"})
			inbox := want["INBOX"]
			job := want["Work"]
			for _, n := range []int{3, 4} {
				job[id(n)] = inbox[id(n)]
				delete(inbox, id(n))
			}
			delete(inbox, id(1))
			inbox[id(2)] = strings.TrimSpace(`\Deleted ` + inbox[id(2)])
			inbox[id(6)] = strings.TrimSpace("$Work " + inbox[id(6)])
			inbox["late"] = ""
			want["Job"], want["Job/Sub"] = job, want["Work/Sub"]
			for _, gone := range []string{"Work", "Work/Sub"} {
				delete(want, gone)
			}
			before := snapshot(t, source.Addr)
			var got map[string]map[string]string
			for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(2 * time.Second) {
				if got = tree(t, to.Addr); maps.EqualFunc(got, want, maps.Equal[map[string]string]) {
					break
				}
			}
			for f := range want {
				if !maps.Equal(got[f], want[f]) {
					t.Errorf("%s holds\n%v, want\n%v", f, got[f], want[f])
				}
			}
			for f := range got {
				if want[f] == nil {
					t.Errorf("%s is there, with %v", f, got[f])
				}
			}
			if through := tree(t, p.imap); !maps.EqualFunc(through, got, maps.Equal[map[string]string]) {
				t.Errorf("clients see\n%v, the server has\n%v", through, got)
			}
			if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
				t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
			}
			p.stop(t)
		})
	}
}

// copied waits until so many messages are.
func (p *proxyProcess) copied(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(longEnough); p.report(t).Total.Copied < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not copied: %+v", p.report(t).Total)
		}
	}
}
