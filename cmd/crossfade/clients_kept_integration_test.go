//go:build integration

package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crossfade/internal/testbed"
)

// toKept maps the names of a source without prefix: only folders with a role get another name.
func toKept(name string) string {
	top, rest, sub := strings.Cut(name, "/")
	if renamed := map[string]string{"Sent": "Sent Items", "Trash": "Deleted Items", "Spam": "Junk E-Mail"}[top]; renamed != "" {
		top = renamed
	}
	if sub {
		return top + "/" + rest
	}
	return top
}

// TestClientsKeepTheirMail: mbsync and offlineimap have a mailbox from the old server, whose folders have no prefix. The day
// the host name leads to the proxy they read not one message again in all folders whose paths are as they were; new mail,
// flags and deletes go on both ways, before, while and after it moves.
func TestClientsKeepTheirMail(t *testing.T) {
	t.Parallel()
	s := newStoryOf(t, []string{"CROSSFADE_SOURCE_PREFIX=", "CROSSFADE_SOURCE_SEPARATOR=/"}, testbed.Dest, toKept,
		"--sep", "/", "--folders", "10", "--per-folder", "24", "--mean", "4000", "--most", "200000", "--names", "intl", "--clean") // offlineimap rewrites odd mail in its own copy
	other := &offlineDevice{home: t.TempDir()}
	programs := []keeper{{"mbsync", s.sync.dir, func(addr string) (string, error) { return s.sync.sync(addr, "*") }}, {"offlineimap", other.mail(), other.sync}}
	for _, p := range programs {
		if said, err := p.sync(s.source.Addr); err != nil {
			t.Fatalf("%s with the source: %s: %v", p.name, said, err)
		}
	}
	s.rebase(t) // they take \Recent
	for _, p := range programs {
		s.wantKept(t, p)
	}
	if bad := testbed.Compare(s.before, snapshot(t, s.p.imap), testbed.CompareOptions{Map: toKept}); bad != nil {
		t.Errorf("the clients have changed mail:\n%s", strings.Join(bad, "\n"))
	}
	for _, p := range programs { // what their user has to do
		for _, name := range []string{"Sent", "Trash", "Spam"} {
			if err := os.RemoveAll(filepath.Join(p.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.model = newModel(t, snapshot(t, s.p.imap))
	s.work(t, "before it moves")
	other.goesOn(t, s)
	crossfade(t, s.p, "release")
	s.work(t, "while it moves")
	s.arrivals(t)
	s.moved(t)
	other.goesOn(t, s)
	s.p.stop(t)
}

// keeper is a program that keeps mail in Maildirs below dir.
type keeper struct {
	name, dir string
	sync      func(addr string) (string, error)
}

// wantKept has a program that knows the source meet the proxy: it reads what is in folders with new names, and nothing else.
func (s *story) wantKept(t *testing.T, p keeper) {
	t.Helper()
	has, renamed, kept := map[string]map[string]string{}, 0, 0
	for name, f := range s.before.Folders {
		if toKept(name) != name {
			renamed += len(f.Messages)
			continue
		}
		kept += len(f.Messages)
		has[name] = messageFiles(t, filepath.Join(p.dir, filepath.FromSlash(name)))
	}
	if len(has) < 6 || kept < 100 || renamed == 0 {
		t.Fatalf("%d messages in %d folders keep their paths, %d do not", kept, len(has), renamed)
	}
	tap := newTap(t, s.p.imap)
	said, err := p.sync(tap.addr)
	// mbsync misses the folders that have new names, and goes on with the others
	if err != nil && (p.name != "mbsync" || strings.Count(err.Error(), "Error") != strings.Count(err.Error(), "cannot be opened")) {
		t.Errorf("%s: %s: %v", p.name, said, err)
	}
	n := tap.read()
	t.Logf("%s had %d messages: %d read again, %d are in folders with new names; refused %q", p.name, kept+renamed, n, renamed, tap.refused())
	if n != renamed {
		t.Errorf("%s read %d messages, want %d", p.name, n, renamed)
	}
	for name := range has {
		if now := messageFiles(t, filepath.Join(p.dir, filepath.FromSlash(name))); !maps.Equal(has[name], now) {
			t.Errorf("%s had %q, %d files, and changed them", p.name, name, len(has[name]))
		}
	}
}

// offlineDevice is a Maildir that offlineimap keeps.
type offlineDevice struct{ home string }

func (d *offlineDevice) mail() string { return filepath.Join(d.home, "here", "mail") }

func (d *offlineDevice) sync(addr string) (string, error) {
	said, err := runProgram(addr, "python3", "../../testdata/clients/offlineimap.py", "sync", "PORT", testbed.User(0), testbed.Pass, d.home)
	return string(said), err
}

var offlineFile = regexp.MustCompile(`,U=\d+,FMD5=.*:2,([A-Za-z]*)$`)

// holds lists each folder's messages with those flags that a Maildir knows.
func (d *offlineDevice) holds(t *testing.T, folder string) (list, files []string) {
	t.Helper()
	for file := range messageFiles(t, filepath.Join(d.mail(), filepath.FromSlash(folder))) {
		m := offlineFile.FindStringSubmatch(file)
		if strings.Count(strings.TrimPrefix(file, filepath.Join(d.mail(), filepath.FromSlash(folder))), "/") != 2 {
			continue // in a folder below
		}
		text, err := os.ReadFile(file)
		if err != nil || m == nil {
			t.Fatalf("offlineimap: %s: %v", file, err)
		}
		list, files = append(list, plainSum(text)+" "+m[1]), append(files, file)
	}
	slices.Sort(list)
	slices.Sort(files)
	return list, files
}

// goesOn has offlineimap take what others did, mark one message, delete one, and all hear of that.
func (d *offlineDevice) goesOn(t *testing.T, s *story) {
	t.Helper()
	sync := func() {
		if said, err := d.sync(s.p.imap); err != nil {
			t.Fatalf("offlineimap: %s %v", said, err)
		}
	}
	sync()
	d.wantSame(t, s.p.imap)
	_, files := d.holds(t, "INBOX")
	name, _, _ := strings.Cut(files[0], ":2,")
	err := os.Rename(files[0], strings.Replace(name, "/new/", "/cur/", 1)+":2,FS")
	if err == nil {
		err = os.Remove(files[1])
	}
	if err != nil {
		t.Fatal(err)
	}
	want, _ := d.holds(t, "INBOX")
	sync()
	if got, _ := d.holds(t, "INBOX"); !slices.Equal(got, want) {
		t.Errorf("offlineimap: INBOX was\n%s\nand is\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	d.wantSame(t, s.p.imap)
	seen := snapshot(t, s.p.imap)
	if n := len(s.model.Folders["INBOX"].Messages); len(seen.Folders["INBOX"].Messages) != n-1 {
		t.Errorf("INBOX holds %d messages, want one of %d to be deleted", len(seen.Folders["INBOX"].Messages), n)
	}
	s.model.Folders = nil
	s.model.adopt(t, seen)
}

// wantSame compares the Maildirs with what clients see.
func (d *offlineDevice) wantSame(t *testing.T, addr string) {
	t.Helper()
	seen, plain := seeGo(t, addr)
	for name, f := range seen.Folders {
		var want []string
		for _, m := range f.Messages {
			var letters strings.Builder
			for i, flag := range []string{`\draft`, `\flagged`, `\answered`, `\seen`, `\deleted`} {
				if slices.Contains(strings.Fields(m.Flags), flag) {
					letters.WriteByte("DFRST"[i])
				}
			}
			want = append(want, plain[m.Sum]+" "+letters.String())
		}
		slices.Sort(want)
		if got, _ := d.holds(t, name); !slices.Equal(got, want) {
			t.Errorf("offlineimap: %q holds %d messages, want %d, or others:\n%s\nwant\n%s", name, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// crossfade runs a command of the running proxy and returns what it prints.
func crossfade(t *testing.T, p *proxyProcess, args ...string) string {
	t.Helper()
	code, out, errs := call(append(args, "--state", p.state)...)
	if code != exitWell {
		t.Fatalf("%s: %d\n%s%s", args, code, out, errs)
	}
	return out
}
