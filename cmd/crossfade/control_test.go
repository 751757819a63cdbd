package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crossfade/backfill"
	"crossfade/backfill/verify"
)

// fakeEngine answers the control socket.
type fakeEngine struct {
	quarantineKeeper
	finisher
	exporting
	report  backfill.Report
	folders []verify.Report
	err     error
	asked   []string
	waiting []backfill.RebuildAccount
	settle  []backfill.SettlingFolder
	parting backfill.Parting
	closing backfill.Closing
	listed  []backfill.ListedAccount
	notes   []string
	enrols  []backfill.Enrolled
	anew    backfill.Anew
}

func (f *fakeEngine) ListAccounts(_ context.Context, each func(backfill.ListedAccount) error) ([]string, error) {
	for _, a := range f.listed {
		if err := each(a); err != nil {
			return nil, err
		}
	}
	return f.notes, f.err
}

func (f *fakeEngine) Enrol(_ context.Context, logins []string, each func(backfill.Enrolled) error) error {
	f.asked = append(f.asked, "enrol "+strings.Join(logins, " "))
	for _, r := range f.enrols {
		if err := each(r); err != nil {
			return err
		}
	}
	return f.err
}

func (f *fakeEngine) Status() backfill.Report        { return f.report }
func (f *fakeEngine) Pause(t backfill.Target) error  { return f.steer("pause", t) }
func (f *fakeEngine) Resume(t backfill.Target) error { return f.steer("resume", t) }
func (f *fakeEngine) Retry(t backfill.Target) error  { return f.steer("retry", t) }
func (f *fakeEngine) Prioritize(t backfill.Target, n int) error {
	return f.steer(fmt.Sprint("priority ", n), t)
}
func (f *fakeEngine) steer(verb string, t backfill.Target) error {
	f.asked = append(f.asked, strings.TrimSpace(verb+" "+t.Account+" "+t.Folder))
	return f.err
}
func (f *fakeEngine) StopSettling(t backfill.Target, stop bool) error {
	return f.steer(fmt.Sprint("stop settling ", stop), t)
}
func (f *fakeEngine) AcceptSplice(account string, is bool) (backfill.Parting, error) {
	return f.parting, f.steer(fmt.Sprint("splice ", is), backfill.Target{Account: account})
}
func (f *fakeEngine) CloseAccount(_ context.Context, account string, anyway bool) (backfill.Closing, error) {
	return f.closing, f.steer(fmt.Sprint("close ", anyway), backfill.Target{Account: account})
}
func (f *fakeEngine) BeginAnew(_ context.Context, account string, yes bool) (backfill.Anew, error) {
	return f.anew, f.steer(fmt.Sprint("again ", yes), backfill.Target{Account: account})
}
func (f *fakeEngine) NoClients(account string, is bool) error {
	return f.steer(fmt.Sprint("no clients ", is), backfill.Target{Account: account})
}
func (f *fakeEngine) SettleEach(_ context.Context, t backfill.Target, now bool, each func(backfill.SettlingFolder) error) error {
	err := f.steer(fmt.Sprint("settle ", now), t)
	for _, s := range f.settle {
		if err := each(s); err != nil {
			return err
		}
	}
	return err
}
func (f *fakeEngine) Servers() (string, string) { return "old:993", "new:993" }
func (f *fakeEngine) Accept(_ context.Context, account, folder string, again bool) (backfill.Accepted, error) {
	if folder == "Calm" {
		return backfill.Accepted{}, errors.New("nothing waits for an answer in this folder")
	}
	f.asked = append(f.asked, fmt.Sprint("accept ", account, " ", folder, " ", again))
	return backfill.Accepted{Account: account, Folder: folder, Done: "7 messages stay deleted"}, nil
}
func (f *fakeEngine) AcceptWhole(account string) (backfill.Accepted, error) {
	f.asked = append(f.asked, "whole "+account)
	return backfill.Accepted{Account: account, Done: "1 mailbox"}, nil
}
func (f *fakeEngine) Compare(_ context.Context, opt verify.Options, each func(verify.Report) error) error {
	f.asked = append(f.asked, "verify "+opt.Account)
	for _, r := range f.folders {
		if err := each(r); err != nil {
			return err
		}
	}
	return f.err
}

// control runs a control socket in a fresh state directory for as long as the test lasts.
func control(t *testing.T, e controlled) (state string) {
	t.Helper()
	state, err := os.MkdirTemp("", "cf") // t.TempDir's paths are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	ln, err := listenControl(state)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serveHTTP(ctx, ln, controlHandler(e)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(state); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t)
	})
	return state
}

// call runs one command line.
func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(context.Background(), args, std{out: &o, err: &e})
	return code, o.String(), e.String()
}

func TestControlSocketIsPrivate(t *testing.T) {
	state := control(t, &fakeEngine{})
	info, err := os.Stat(filepath.Join(state, "crossfade.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode().Perm())
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	state := t.TempDir()
	if err := os.WriteFile(socketPath(state), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := listenControl(state)
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	if _, err := listenControl(t.TempDir() + strings.Repeat("/long", 30)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path that no socket can have: %v", err)
	}
}

// TestStatusSpeaksOfProgress: completion, speed and time left are told for all and for each domain; what is not known
// is not made up.
func TestStatusSpeaksOfProgress(t *testing.T) {
	almost, fast, soon := 0.99999, 12.34, 3725.0
	p := backfill.Progress{Completion: backfill.Completion{Source: 100000, Done: 99999, Ratio: &almost}, MessagesPerSecond: &fast, ETASeconds: &soon}
	e := &fakeEngine{report: backfill.Report{Progress: p, Accounts: []backfill.AccountReport{{Account: "a@x.test"}},
		Domains: []backfill.DomainReport{{Domain: "x.test", Progress: p}, {Domain: "y.test", Progress: backfill.Progress{Completion: backfill.Completion{Unlisted: 7}}}}}}
	_, out, _ := call("status", "--state", control(t, e))
	fields := strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"x.test 99999 100000 99.9 % 12.3/s 1h2m5s 0", "y.test 0 0 - - - 7", "all 99999 100000 99.9 %"} {
		if !strings.Contains(fields, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestStatus(t *testing.T) {
	since := time.Now().Add(-time.Minute)
	e := &fakeEngine{report: backfill.Report{Held: true, Total: backfill.Counts{Copied: 7}, Refused: []backfill.ClassCount{{Class: "too_big", Messages: 3, SignedOff: 1}}, Accounts: []backfill.AccountReport{
		{Account: "a@example.test", Done: true, Counts: backfill.Counts{Copied: 3}},
		{Account: "b@example.test", Counts: backfill.Counts{Copied: 4, Listed: 5}, Problem: "the source does not answer", Since: &since, Folders: []backfill.FolderState{
			{Folder: "INBOX", State: "copied"}, {Folder: "Hóa đơn", State: "stopped", Problem: "OVERQUOTA"}}},
	}}}
	state := control(t, e)
	code, out, errs := call("status", "--state", state)
	if code != exitWell || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	for _, want := range []string{"held", "In quarantine: 3 too_big, 1 of them", "a@example.test  copied", "b@example.test  moving", "! the source does not answer (for 1m", "Hóa đơn", "! OVERQUOTA"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "INBOX") {
		t.Errorf("a folder that is done is shown:\n%s", out)
	}
	if code, out, _ = call("status", "--json", "--state", state); code != exitWell || !strings.Contains(out, `"held": true`) {
		t.Errorf("--json: %d %s", code, out)
	}
}

func TestStatusOfNobody(t *testing.T) {
	state := control(t, &fakeEngine{})
	if code, out, _ := call("status", "--state", state); code != exitWell || !strings.Contains(out, "first login") {
		t.Errorf("%d %s", code, out)
	}
}

func TestHoldAndRelease(t *testing.T) {
	e := &fakeEngine{}
	state := control(t, e)
	for _, verb := range []string{"hold", "release"} {
		if code, out, errs := call(verb, "--state", state); code != exitWell || out == "" {
			t.Errorf("%s: %d %s", verb, code, errs)
		}
	}
	if got := strings.Join(e.asked, " "); got != "pause resume" {
		t.Errorf("the engine was asked %q", got)
	}
}

func TestVerify(t *testing.T) {
	good := verify.Report{Account: "a", Folder: "INBOX", OK: true, Equal: 9}
	bad := verify.Report{Account: "a", Folder: "Sent", Equal: 2, Missing: 1, Refused: []verify.Refused{{UID: 5, Reason: "refused", Words: "too large"}}}
	for _, c := range []struct {
		name    string
		folders []verify.Report
		err     error
		code    int
		out     string // in the output for people
		json    string // in the lines
		errs    string
	}{
		{"all agree", []verify.Report{good, good}, nil, exitWell, "ok: 2 folders agree, 18 messages", `"verdict":true,"ok":true,"folders":2,`, ""},
		{"one does not", []verify.Report{good, bad}, nil, exitFailed, "FAIL  a: Sent: 2 equal, 1 missing on the destination, 1 refused", `"verdict":true,"ok":false`, ""},
		{"it breaks off", []verify.Report{good}, errors.New("no account is known"), exitFailed, "ok    a: INBOX", `"error":"no account is known"`, "no account is known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &fakeEngine{folders: c.folders, err: c.err}
			state := control(t, e)
			code, out, errs := call("verify", "--state", state, "--account", "a b")
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
				t.Errorf("%d\n%s\n%s", code, out, errs)
			}
			if e.asked[0] != "verify a b" {
				t.Errorf("the engine was asked %q", e.asked)
			}
			if code, out, _ := call("verify", "--json", "--state", state); code != c.code || !strings.Contains(out, c.json) {
				t.Errorf("--json: %d\n%s", code, out)
			}
		})
	}
}

// TestVerifyCutOff: without a verdict at the end nothing is proven.
func TestVerifyCutOff(t *testing.T) {
	err := (&verifyCmd{}).print(strings.NewReader(`{"account":"a","folder":"INBOX","ok":true}`+"\n"), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("got %v", err)
	}
}
