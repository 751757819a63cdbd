package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"crossfade/backfill/probe"
)

// demoPair runs the demo's two servers and returns check's flags for them.
func demoPair(t *testing.T) []string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	old, err := newOldServer(makeDemoMail(1), log)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := newNewServer(0, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*demoServer{old, fresh} {
		done := make(chan error, 1)
		go func() { done <- d.serve() }()
		t.Cleanup(func() { _ = d.close(); <-done })
	}
	return []string{"check", "--source", old.url(), "--destination", fresh.url(), "--imap", "127.0.0.1:0", "--state", filepath.Join(t.TempDir(), "state")}
}

// TestCheck is the whole command between the demo's servers: everything is told in 80 columns, the password never is.
func TestCheck(t *testing.T) {
	t.Parallel()
	args := demoPair(t)
	file := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(file, []byte("wrong-"+demoPass+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(t.Context(), append(args, "--user", demoUser, "--password-file", file), std{out: &out, err: &errs})
	if code != exitFailed || strings.Count(out.String(), "RED     login:") != 2 || errs.Len() > 0 {
		t.Errorf("with a wrong password: %d\n%s%s", code, &out, &errs)
	}
	if strings.Contains(out.String(), "wrong-") {
		t.Errorf("the password is told:\n%s", &out)
	}
	out.Reset()
	env := []string{passwordEnv + "=" + demoPass}
	code = run(t.Context(), append(args, "--user", demoUser), std{out: &out, err: &errs, env: env})
	if code != exitFailed || errs.Len() > 0 { // go-imap's server cannot show a header line without a colon
		t.Errorf("%d\n%s%s", code, &out, &errs)
	}
	for _, want := range []string{"The source (old server)\n", "green   mail: ", "The destination (new server)\n", "green   bytes: ", "Both together\n",
		"green   plan: ", "This machine\n", "green   port-imap: ", "RED     odd-header-line: ", " 2 red: do not start"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	for line := range strings.Lines(out.String()) {
		if utf8.RuneCountInString(line) > columns+1 || strings.ContainsAny(line, "\x1b\t") {
			t.Errorf("%q is too wide, or not plain", line)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), append(demoPair(t), "--json", "--user", demoUser), std{out: &out, err: &errs, env: []string{passwordEnv + "=" + demoPass}})
	var r checkReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || code != exitFailed {
		t.Fatalf("%d %v\n%s%s", code, err, &out, &errs)
	}
	if r.OK || r.Red != 2 || r.Red+r.Yellow+r.Green != len(r.Findings) || r.Survey.Messages == 0 {
		t.Errorf("%+v", r)
	}
	sides := map[probe.Side]bool{}
	for _, f := range r.Findings {
		sides[f.Side] = true
		if f.Check == "" || f.Text == "" || f.Level != probe.Green && f.Do == "" && f.Text == "" {
			t.Errorf("%+v", f)
		}
	}
	if len(sides) != 4 {
		t.Errorf("sides %v", sides)
	}
}

// TestCheckBesideProxy: a proxy that runs keeps its ports, and check does not complain about that.
func TestCheckBesideProxy(t *testing.T) {
	state := control(t, &fakeEngine{})
	args := demoPair(t)
	args[len(args)-1] = state
	var out, errs bytes.Buffer
	code := run(t.Context(), append(args, "--user", demoUser), std{out: &out, err: &errs, env: []string{passwordEnv + "=" + demoPass}})
	if code != exitFailed || !strings.Contains(out.String(), "green   state: a proxy runs") || !strings.Contains(out.String(), "was not tried: a proxy") {
		t.Errorf("%d\n%s%s", code, &out, &errs)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"one", "one"}, {"one two three", "one two|three"}, {"1234567890123 x", "1234567890123|x"}, {"äöü ß éè  ñ", "äöü ß éè|ñ"},
	} {
		if got := strings.Join(wrap(c.text, 9), "|"); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// TestServersWordsAreHarmless: what a server says cannot play with the terminal or leave its line.
func TestServersWordsAreHarmless(t *testing.T) {
	var out bytes.Buffer
	p := newPaper(&out)
	p.finding(probe.Finding{Side: probe.Source, Check: "greeting", Level: probe.Green, Text: "hello\x1b[2J\r\nRED     x\u0085\x00\xff"})
	if strings.ContainsAny(out.String(), "\x1b\r\x00\u0085\xff") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%q", out.String())
	}
}
