//go:build integration

package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/testbed"
)

// proxyProcess is a `crossfade serve` of its own process, in front of dovecot-source and dovecot-dest.
type proxyProcess struct {
	bed         *testbed.Bed
	state       string
	imap, admin string
	args        []string
	cmd         *exec.Cmd
	said        *processLog
}

func newProxy(t testing.TB, bed *testbed.Bed, more ...string) *proxyProcess {
	t.Helper()
	return proxyBetween(t, bed, bed.Server(testbed.Source).URL(), bed.Server(testbed.Dest).URL(), more...)
}

// proxyBetween is newProxy with other ways to the two servers.
func proxyBetween(t testing.TB, bed *testbed.Bed, source, destination string, more ...string) *proxyProcess {
	t.Helper()
	state, err := os.MkdirTemp("", "cf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(state); err != nil {
			t.Error(err)
		}
	})
	cert, key := bed.Certificate()
	p := &proxyProcess{bed: bed, state: state, imap: testbed.FreePort(t), admin: testbed.FreePort(t)}
	p.args = append([]string{"serve", "--source", source, "--destination", destination,
		"--imap", p.imap, "--imaps", testbed.FreePort(t), "--tls-cert", cert, "--tls-key", key, "--admin", p.admin, "--state", state}, more...)
	return p
}

// processLog is what a process says; it may be read while it goes on.
type processLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *processLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs the process and waits until it is healthy.
func (p *proxyProcess) start(t testing.TB) {
	t.Helper()
	p.said = &processLog{}
	p.cmd = exec.Command("crossfade", p.args...)
	p.cmd.Stderr = p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // fails when it has ended, as it should have
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if code, _, _ := call("health", "--admin", p.admin); code == exitWell {
			return
		}
	}
	p.kill()
	t.Fatalf("the proxy did not become healthy:\n%s", p.said)
}

// kill ends the process without a word.
func (p *proxyProcess) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// stop asks it to end, and wants it to do so well.
func (p *proxyProcess) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, p.said)
	}
}

func (p *proxyProcess) report(t testing.TB) (r backfill.Report) {
	t.Helper()
	code, out, errs := call("status", "--json", "--state", p.state)
	if code != exitWell {
		t.Fatalf("status: %d %s\n%s", code, errs, p.said)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// longEnough is how long a test waits for what must come. Tests run side by side on few processors: it only ends those
// that would wait for ever.
const longEnough = 8 * time.Minute

// settle waits until everything known is copied.
func (p *proxyProcess) settle(t testing.TB, want int) {
	t.Helper()
	var r backfill.Report
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if r = p.report(t); r.Done && r.Total.Copied >= want {
			return
		}
	}
	t.Fatalf("not done: %+v\n%s", r, p.said)
}

func snapshot(t testing.TB, addr string) testbed.Snapshot {
	t.Helper()
	return snapshotOf(t, addr, testbed.User(0))
}

func snapshotOf(t testing.TB, addr, user string) testbed.Snapshot {
	t.Helper()
	s, err := testbed.Read(addr, user, testbed.Pass)
	if err != nil {
		t.Fatalf("%s: %v", addr, err)
	}
	return s
}

// TestServe is the story of one account with real servers: everything is there before it has moved, it moves,
// both sides are equal, the source was not touched, and the commands say so.
func TestServe(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	source.Fill(t, testbed.User(0), "--folders", "24", "--per-folder", "20", "--nul")
	before := snapshot(t, source.Addr)
	snapshot(t, dest.Addr) // Dovecot makes the default folders at the first login

	p := newProxy(t, bed, "--hold-backfill")
	p.start(t)
	seen := snapshot(t, p.imap)
	if bad := testbed.Compare(before, seen, testbed.CompareOptions{}); bad != nil {
		t.Errorf("through the proxy, before anything moved:\n%s", strings.Join(bad, "\n"))
	}
	if in, out := before.Folders["INBOX"], seen.Folders["INBOX"]; in.UIDValidity != out.UIDValidity || !maps.Equal(in.Messages, out.Messages) {
		t.Errorf("INBOX has UIDVALIDITY %d, on the source %d, or its UIDs name other messages", out.UIDValidity, in.UIDValidity)
	}
	if n := snapshot(t, dest.Addr).Count(); n != 0 {
		t.Errorf("%d messages moved although the backfill is held", n)
	}
	if code, out, errs := call("release", "--state", p.state); code != exitWell {
		t.Fatalf("release: %s %s", out, errs)
	}
	p.settle(t, before.Count())
	if bad := testbed.Compare(before, snapshot(t, dest.Addr), testbed.CompareOptions{}); bad != nil {
		t.Errorf("destination:\n%s", strings.Join(bad, "\n"))
	}
	if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	if code, out, errs := call("verify", "--state", p.state); code != exitWell {
		t.Errorf("verify: %d\n%s\n%s", code, out, errs)
	}
	p.stop(t)
	if log := p.said.String(); strings.Contains(log, testbed.Pass+`"`) || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log:\n%s", log)
	}
	if _, err := os.Stat(filepath.Join(p.state, "crossfade.sock")); err == nil {
		t.Error("the control socket was left behind")
	}
}

// TestSecondProxyIsRefused: two proxies over one state would copy everything twice.
func TestSecondProxyIsRefused(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Dest)
	p := newProxy(t, bed)
	p.start(t)
	second := newProxy(t, bed)
	second.args[len(second.args)-1] = p.state
	var said bytes.Buffer
	cmd := exec.Command("crossfade", second.args...)
	cmd.Stderr = &said
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() == exitWell || !strings.Contains(said.String(), p.state) {
		t.Errorf("a second proxy on the same state: %v\n%s", err, said.String())
	}
	p.report(t) // the first one's socket still answers
	p.stop(t)
}
