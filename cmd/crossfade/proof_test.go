package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/gate"
	"crossfade/backfill/verify"
	"crossfade/store"
)

// TestVerifyReport: the report for people and the data for machines tell the same and are tied by a digest; a server's
// words are never markup.
func TestVerifyReport(t *testing.T) {
	date := time.Unix(1, 0).UTC()
	e := &fakeEngine{folders: []verify.Report{
		{Account: "b@x.test", Folder: "Sent", OK: true, Done: 3, Total: 3, Equal: 3, Reappended: 77},
		{Account: "a@x.test", Folder: "INBOX", Sources: []string{"INBOX"}, Done: 8, Total: 10, Equal: 8, Missing: 1, Differences: []verify.Difference{
			{Kind: "missing", UID: 4, SourceUID: 5, Box: "INBOX", MessageID: "<x|y@z>", Date: &date, Size: 99}},
			Refused: []verify.Refused{{UID: 9, Class: "refused", Reason: "refused by the destination", Words: "<b>bad</b> | *header*", SignedOff: &store.SignOff{By: "Eve", Time: date}}}, SignedOff: 1},
	}}
	state := control(t, e)
	for _, kind := range []string{"md", "html", "txt"} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "proof."+kind)
			code, out, errs := call("verify", "--state", state, "--report", path)
			if code != exitFailed || !strings.Contains(out, "The report is in "+path) || errs != "" {
				t.Fatalf("%d %s %s", code, out, errs)
			}
			data, err := os.ReadFile(strings.TrimSuffix(path, kind) + "json")
			if err != nil || strings.Count(string(data), "\n") != 3 {
				t.Fatalf("%s, %v", data, err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			plain := strings.ReplaceAll(string(text), `\`, "")
			for _, want := range []string{hex.EncodeToString(sum[:]), "DO NOT agree", "old:993", "new:993", "11 (84.615 %)", "1970-01-01 00:00:01 UTC", "1 missing on the destination", "Signature: ___", "77 appended again", "proof.json", "UID 5 on the source"} {
				if !strings.Contains(plain, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if strings.Index(plain, "a@x.test") > strings.Index(plain, "b@x.test") {
				t.Error("accounts are not in order")
			}
			switch {
			case kind == "html" && (strings.Contains(string(text), "<b>bad") || !strings.Contains(string(text), "&lt;b&gt;bad")):
				t.Error("a server's words are markup")
			case kind == "md" && !strings.Contains(string(text), `\<b\>bad\</b\> \| \*header\*`):
				t.Errorf("a server's words are markup:\n%s", text)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Error(info.Mode(), err)
			}
		})
	}
	if code, _, errs := call("verify", "--state", state, "--report", "proof.pdf"); code != exitUsage || !strings.Contains(errs, ".html") {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, errs := call("verify", "--state", state, "--report", "/nowhere/proof.md"); code != exitFailed || !strings.Contains(errs, "/nowhere") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestPercentNeverRoundsUp(t *testing.T) {
	for _, c := range []struct {
		done, total int
		want        string
	}{{0, 0, "100 %"}, {5, 5, "100 %"}, {999_999, 1_000_000, "99.999 %"}, {0, 3, "0.000 %"}} {
		if got := share(c.done, c.total); got != c.want {
			t.Errorf("%d of %d: %s", c.done, c.total, got)
		}
	}
}

// fakeGate answers once and keeps what it was asked.
type fakeGate struct {
	report gate.Report
	err    error
	asked  gate.Options
}

func (f *fakeGate) Finish(_ context.Context, opt gate.Options) (gate.Report, error) {
	f.asked = opt
	return f.report, f.err
}

func TestFinish(t *testing.T) {
	line := func(name string, c gate.Colour) gate.Condition {
		return gate.Condition{Name: name, Colour: c, Text: "text of " + name, Do: "do " + name, Items: []string{"item of " + name}, More: 3}
	}
	for _, c := range []struct {
		name   string
		report gate.Report
		err    error
		code   int
		want   []string
		not    string
	}{
		{"green", gate.Report{Colour: gate.Green, Source: "old:993", Conditions: []gate.Condition{line("copied", gate.Green)}}, nil, exitWell,
			[]string{"GREEN     copied: text of copied", "old:993 may be switched off"}, "do copied"},
		{"yellow", gate.Report{Colour: gate.Yellow, Conditions: []gate.Condition{line("arrivals", gate.Yellow)}}, nil, exitFailed,
			[]string{"YELLOW    arrivals", "item of arrivals", "and 3 more", "> do arrivals", "Not yet"}, ""},
		{"red", gate.Report{Colour: gate.Red, Conditions: []gate.Condition{line("verified", gate.Red)}}, nil, exitFailed, []string{"RED       verified", "No: keep"}, ""},
		{"error", gate.Report{}, fmt.Errorf("no account %q is known", "x"), exitFailed, []string{`no account "x"`}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := &fakeGate{report: c.report, err: c.err}
			state := control(t, &fakeEngine{finisher: asked})
			code, out, errs := call("finish", "--state", state, "--account", "a b", "--quiet", "3", "--max-age", "2h", "--accept", "arrivals")
			for _, want := range c.want {
				if !strings.Contains(out+errs, want) {
					t.Errorf("no %q in\n%s%s", want, out, errs)
				}
			}
			if code != c.code || c.not != "" && strings.Contains(out, c.not) {
				t.Errorf("%d\n%s", code, out)
			}
			if o := asked.asked; o.Account != "a b" || o.Quiet != 72*time.Hour || o.MaxAge != 2*time.Hour || len(o.Accept) != 1 {
				t.Errorf("%+v", o)
			}
			if code, out, _ := call("finish", "--state", state, "--json"); code != c.code || c.err == nil && !strings.Contains(out, `"colour": "`+string(c.report.Colour)) {
				t.Errorf("--json: %d %s", code, out)
			}
		})
	}
	if code, _, errs := call("finish", "--quiet", "0"); code != exitUsage || !strings.Contains(errs, "--quiet") {
		t.Errorf("%d %s", code, errs)
	}
}

// TestFinishVerifiesFirst: whatever the comparison says, the gate has the last word; one that was cut off ends it.
func TestFinishVerifiesFirst(t *testing.T) {
	asked := &fakeGate{report: gate.Report{Colour: gate.Red}}
	e := &fakeEngine{finisher: asked, folders: []verify.Report{{Account: "a", Folder: "INBOX", Missing: 1}}}
	state := control(t, e)
	if code, out, _ := call("finish", "--verify", "--state", state); code != exitFailed || !strings.Contains(out, "FAIL  a: INBOX") || !strings.Contains(out, "No: keep") {
		t.Errorf("%d %s", code, out)
	}
	e.err = fmt.Errorf("no account is known")
	if code, out, errs := call("finish", "--verify", "--state", state); code != exitFailed || !strings.Contains(errs, "no account is known") || strings.Contains(out, "keep") {
		t.Errorf("%d %s %s", code, out, errs)
	}
}
