//go:build integration

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"crossfade/backfill/probe"
	"crossfade/internal/testbed"
)

// checked runs check --json and returns its report and the findings by side and name, the worst of each name.
func checked(t *testing.T, args ...string) (checkReport, map[string]probe.Finding) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"check", "--json", "--imap", "127.0.0.1:0", "--user", testbed.User(0)}, args...)
	code := run(t.Context(), args, std{out: &out, err: &errs, env: []string{passwordEnv + "=" + testbed.Pass}})
	var r checkReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || errs.Len() > 0 {
		t.Fatalf("%d %v\n%s%s", code, err, &out, &errs)
	}
	if want := map[bool]int{true: exitWell, false: exitFailed}[r.OK]; code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	got := map[string]probe.Finding{}
	for _, f := range r.Findings {
		key := string(f.Side) + " " + f.Check
		if old, twice := got[key]; !twice || old.Level <= f.Level {
			got[key] = f
		}
	}
	return r, got
}

// wantFindings wants words in findings of a level: "side check": "level words".
func wantFindings(t *testing.T, got map[string]probe.Finding, want map[string]string) {
	t.Helper()
	for key, w := range want {
		level, words, _ := strings.Cut(w, " ")
		if f, ok := got[key]; !ok || f.Level.String() != level || !strings.Contains(f.Text, words) {
			t.Errorf("%s: %+v, want %s", key, f, w)
		}
	}
}

// TestCheckDovecot: the source is exactly as it was, the destination too, and what Dovecot does to mail is told.
func TestCheckDovecot(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_QUOTA=20M"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	source.Fill(t, testbed.User(0), "--folders", "20", "--per-folder", "10", "--names", "odd")
	before, empty := snapshot(t, source.Addr), snapshot(t, dest.Addr)
	cert, key := bed.Certificate()
	r, got := checked(t, "--source", source.URL(), "--destination", dest.URL(), "--state", t.TempDir(), "--large", "--tls-cert", cert, "--tls-key", key)
	wantFindings(t, got, map[string]string{
		"source certificate": "yellow localhost", "source login": "green", "source uidvalidity": "green", "source separator": `green "INBOX."`, "source mail": "green 200 messages",
		"source connections": "green 4 connections", "destination bytes": "green", "destination keywords": "green", "destination appenduid": "green", "destination date-future": "yellow",
		"destination odd-nul": "yellow 0x80", "destination odd-empty": "yellow zero byte", "destination twins": "green", "destination pipeline": "green", "destination recreate": "green",
		"destination name-long": "yellow", "destination scratch": "green", "destination quota": "green", "both plan": "green Sent Items", "both plan-names": "yellow =2F",
		"destination large": "yellow has no room", "here listener-certificate": "green localhost",
	})
	if !r.OK || int(r.Survey.Messages) != before.Count() || !r.Survey.Whole {
		t.Errorf("survey %+v; %+v", r.Survey, r.Findings)
	}
	if bad := before.Diff(snapshot(t, source.Addr)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	if bad := empty.Diff(snapshot(t, dest.Addr)); bad != nil {
		t.Errorf("the destination was changed:\n%s", strings.Join(bad, "\n"))
	}
}

// TestCheckSmallDestination: too little room and too small a limit are red before they stop a move.
func TestCheckSmallDestination(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_QUOTA=2M", "CROSSFADE_DEST_MAXMSG=1M"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	source.Fill(t, testbed.User(0), "--folders", "8", "--per-folder", "30", "--mean", "60000")
	r, got := checked(t, "--source", source.PlainURL(), "--destination", dest.PlainURL(), "--state", t.TempDir(), "--large")
	wantFindings(t, got, map[string]string{"destination quota": "red the source holds", "source tls": "yellow in the clear", "destination large": "yellow"})
	if r.OK {
		t.Error("all is well")
	}
}

// TestCheckCyrus: it refuses what it refuses in a move, with the same words.
func TestCheckCyrus(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Cyrus)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Cyrus)
	source.Fill(t, testbed.User(0), "--folders", "8", "--per-folder", "5")
	snapshot(t, dest.Addr) // the first login makes the default folders
	empty := snapshot(t, dest.Addr)
	r, got := checked(t, "--source", source.URL(), "--destination", dest.URL(), "--state", t.TempDir(), "--large")
	wantFindings(t, got, map[string]string{
		"destination server": "green Cyrus", "destination bytes": "green", "destination keywords": "green", "destination appenduid": "green", "destination odd-nul": "yellow contains NUL",
		"destination odd-header-line": "yellow invalid header", "destination odd-bare-lf": "yellow bare newlines", "destination recreate": "green", "destination append-limit": "green",
		"destination quota": "green no quota", "destination large": "green 50 MB", "destination scratch": "green", "both plan": "green",
	})
	if !r.OK {
		t.Errorf("red: %+v", r.Findings)
	}
	if bad := empty.Diff(snapshot(t, dest.Addr)); bad != nil {
		t.Errorf("the destination was changed:\n%s", strings.Join(bad, "\n"))
	}
}
