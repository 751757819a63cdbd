//go:build integration

package testbed

import (
	"os/exec"
	"strings"
	"testing"
)

func read(t *testing.T, s *Server, user string) Snapshot {
	t.Helper()
	snap, err := Read(s.Addr, user, Pass)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestServers starts all three, loads one mailbox in three ways and looks at them with both comparers.
func TestServers(t *testing.T) {
	bed := Start(t, []string{"CROSSFADE_DEST_FORMAT=mdbox"}, Source, Dest, Cyrus)
	source, dest := bed.Server(Source), bed.Server(Dest)
	shape := []string{"--folders", "18", "--per-folder", "12", "--names", "odd"}
	source.Fill(t, User(0), shape...)
	source.FillFiles(t, User(1), shape...)

	first, files := read(t, source, User(0)), read(t, source, User(1))
	if first.Count() != 18*12 {
		t.Errorf("the source holds %d messages, want %d", first.Count(), 18*12)
	}
	if bad := Compare(first, files, CompareOptions{Map: func(n string) string { return n }}); bad != nil {
		t.Errorf("loaded over IMAP and by files differ: %q", bad)
	}
	if bad := Compare(first, read(t, dest, User(0)), CompareOptions{}); bad == nil {
		t.Error("an empty destination was taken for equal")
	}
	if bad := first.Diff(read(t, source, User(0))); bad != nil {
		t.Errorf("reading changed the source: %q", bad)
	}
	python := exec.Command("python3", root(t)+"/testdata/check/compare.py", "sides", port(source), User(0), Pass, port(source), User(1), Pass, "--map", "INBOX=INBOX")
	if out, err := python.CombinedOutput(); err != nil {
		t.Errorf("compare.py: %v\n%s", err, out)
	}
	if _, err := Read(bed.Server(Cyrus).Addr, User(3), Pass); err != nil {
		t.Errorf("cyrus: %v", err)
	}
}

// TestKilledServerComesBack: mail survives, and a server that is down is seen to be down.
func TestKilledServerComesBack(t *testing.T) {
	bed := Start(t, nil, Source)
	s := bed.Server(Source)
	s.Fill(t, User(0), "--folders", "6", "--per-folder", "3", "--clean")
	before := read(t, s, User(0))
	s.Kill(t)
	if _, err := Read(s.Addr, User(0), Pass); err == nil {
		t.Fatal("a killed server answers")
	}
	s.Start(t)
	if bad := before.Diff(read(t, s, User(0))); bad != nil {
		t.Errorf("after kill -9: %q", bad)
	}
}

func port(s *Server) string { return s.Addr[strings.LastIndexByte(s.Addr, ':')+1:] }
