package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"crossfade/backfill"
)

// town is one of each kind of account.
func listedTown() []backfill.ListedAccount {
	first, last := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 28, 12, 30, 0, 0, time.UTC)
	return []backfill.ListedAccount{
		{Account: "ann@example.com", Stage: backfill.AccountEnrolled, FirstLogin: &first, LastLogin: &last},
		{Account: "bob@example.com", Stage: backfill.AccountEnrolled, Made: true},
		{Account: "a-very-long-name-of-somebody.who-has-many-names@mail.example.com", Stage: backfill.AccountMissing, KnownFrom: "users"},
		{Account: "dora@example.com", Stage: backfill.AccountWaiting, Needs: []backfill.AccountNeed{
			{Kind: backfill.NeedTwoFactor, Text: "the mailbox asks for a second\nfactor on the new server, which mail programs cannot give: switch that off until the mailbox has moved", Since: &first}}},
		{Account: "emil@example.com", Stage: backfill.AccountMissing, KnownFrom: "destination"},
		{Account: "fred@example.com", Stage: backfill.AccountClosed},
	}
}

// TestAccounts: the table fits on 80 columns, says what each needs, and what to do about those who are missing.
func TestAccounts(t *testing.T) {
	e := &fakeEngine{listed: listedTown(), notes: []string{"the new server does not tell"}}
	state := control(t, e)
	code, out, errs := call("accounts", "--state", state)
	if code != exitWell || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	for _, want := range []string{"ann@example.com", "2026-11-28 12:30 UTC", "enrolled, mailbox made", "never", "missing (in --users)", "missing (has a mailbox)",
		"! two-factor: the mailbox asks", "(since 2026-11-01 08:00 UTC)", "6 accounts: 2 enrolled, 1 waiting, 2 missing, 1 closed. 4 never came; 1 need", "Note: the new server", "Deliver locally if"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if runewidth.StringWidth(line) > columns {
			t.Errorf("too wide: %q", line)
		}
	}
	if code, out, _ := call("accounts", "--missing", "--state", state); code != exitWell || strings.Contains(out, "ann@") || strings.Contains(out, "fred@") || !strings.Contains(out, "bob@") {
		t.Errorf("--missing: %d\n%s", code, out)
	}
	e.listed, e.notes = nil, nil
	if _, out, _ := call("accounts", "--state", state); !strings.Contains(out, "Nobody is known yet") {
		t.Error(out)
	}
	e.listed = listedTown()[:1]
	if _, out, _ := call("accounts", "--state", state); strings.Contains(out, "> ") {
		t.Errorf("advice that nobody needs:\n%s", out)
	}
	e.err = errors.New("broken")
	if code, _, errs := call("accounts", "--state", state); code != exitFailed || !strings.Contains(errs, "broken") {
		t.Errorf("%d %s", code, errs)
	}
}

// TestAccountsJSON: a line for each account, then the counts.
func TestAccountsJSON(t *testing.T) {
	state := control(t, &fakeEngine{listed: listedTown()})
	for arg, want := range map[string]int{"--json": 7, "--missing": 5} {
		_, out, _ := call("accounts", "--json", arg, "--state", state)
		if arg == "--json" {
			_, out, _ = call("accounts", "--json", "--state", state)
		}
		all := strings.Split(strings.TrimSpace(out), "\n")
		for _, line := range all {
			if !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		}
		if len(all) != want || !strings.Contains(all[len(all)-1], `"end":true,"accounts":6`) {
			t.Errorf("%s: %d lines, want %d\n%s", arg, len(all), want, out)
		}
	}
}

func TestEnrol(t *testing.T) {
	e := &fakeEngine{enrols: []backfill.Enrolled{{Login: "ann", Did: backfill.EnrolKnown}, {Login: "bob", Did: backfill.EnrolMade}, {Login: "cid", Did: backfill.EnrolDone}}}
	state := control(t, e)
	if code, out, errs := call("accounts", "enrol", "ann", "bob", "cid", "--state", state); code != exitWell || errs != "" ||
		out != "ann: was enrolled already\nbob: enrolled; the mailbox was made\ncid: enrolled; the mailbox was there\n" || e.asked[0] != "enrol ann bob cid" {
		t.Errorf("%d %s %s %q", code, out, errs, e.asked)
	}
	e.enrols = append(e.enrols, backfill.Enrolled{Login: "dora", Did: backfill.EnrolWaits, Text: "two\nfactors"}, backfill.Enrolled{Login: "emil", Did: backfill.EnrolDeferred, Text: "down"})
	code, out, errs := call("accounts", "enrol", "--state", state)
	if code != exitFailed || errs != "" || !strings.HasSuffix(out, "dora: waits: two factors\nemil: not now, try again: down\n") || e.asked[1] != "enrol " {
		t.Errorf("%d %s %s %q", code, out, errs, e.asked)
	}
	if code, out, _ := call("accounts", "enrol", "--json", "--state", state); code != exitFailed || strings.Count(out, "\n") != 6 || !strings.Contains(out, `"ok":false,"counts":{"deferred":1,"enrolled":1,"known":1,"made":1,"waits":1}`) {
		t.Errorf("%d %s", code, out)
	}
	e.enrols, e.err = nil, &backfill.Refusal{Text: "whom?"}
	if code, _, errs := call("accounts", "enrol", "--state", state); code != exitFailed || !strings.Contains(errs, "whom?") {
		t.Errorf("%d %s", code, errs)
	}
}

// TestAgain: what it means is told first; it is done only with --yes; what stands in the way is a failure.
func TestAgain(t *testing.T) {
	e := &fakeEngine{anew: backfill.Anew{Account: "ann@example.com", Again: 12, NotCopied: 3, Deleted: 4, Gone: 5}}
	state := control(t, e)
	code, out, errs := call("accounts", "again", "ann@example.com", "--state", state)
	if code != exitWell || errs != "" || e.asked[0] != "again false ann@example.com" {
		t.Errorf("%d %s %q", code, errs, e.asked)
	}
	for _, want := range []string{"12 messages would be copied again", "3 are not copied yet", "4 were deleted and stay so", "5 were on the new server alone", "restore it there instead", "Nothing was done yet: say --yes"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	e.anew.Noted = true
	if code, out, _ := call("accounts", "again", "--yes", "ann@example.com", "--state", state); code != exitWell || e.asked[1] != "again true ann@example.com" || !strings.Contains(out, "restart it") || !strings.Contains(strings.Join(strings.Fields(out), " "), "rebuild --accept") {
		t.Errorf("%d %q\n%s", code, e.asked, out)
	}
	e.anew = backfill.Anew{Account: "ann@example.com", Why: []string{"the new server has\nthe mailbox"}}
	if code, out, _ := call("accounts", "again", "ann@example.com", "--yes", "--state", state); code != exitFailed || out != "ann@example.com is not begun anew:\n  the new server has the mailbox\n" {
		t.Errorf("%d %q", code, out)
	}
	e.err = errors.New("no account is known")
	if code, _, errs := call("accounts", "again", "x", "--json", "--state", state); code != exitFailed || !strings.Contains(errs, "no account is known") {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, _ := call("accounts", "again", "--state", state); code != exitUsage {
		t.Errorf("nobody named: %d", code)
	}
}
