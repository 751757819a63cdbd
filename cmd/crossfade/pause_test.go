package main

import (
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/pace"
)

// TestSteering: each command asks the engine for what it says, tells what was done, and passes a refusal on.
func TestSteering(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		ask  string // of the engine
		out  string
		errs string
	}{
		{"pause", exitWell, "pause", "everything is paused", ""},
		{"pause --account a@b", exitWell, "pause a@b", "a@b is paused", ""},
		{"resume --account a@b --folder Sent", exitWell, "resume a@b Sent", "Sent of a@b goes on", ""},
		{"retry --json", exitWell, "retry", `{"did":"retry"}`, ""},
		{"priority 5 --account a@b --json", exitWell, "priority 5 a@b", `{"did":"priority","account":"a@b","priority":5}`, ""},
		{"priority --account a@b -- -5", exitWell, "priority -5 a@b", "a@b has priority -5", ""},
		{"priority 101", exitUsage, "", "", "from -100 to 100"},
		{"priority", exitUsage, "", "", "priority"},
		{"pause --folder Sent", exitUsage, "", "", "--account NAME"},
	} {
		t.Run(c.args, func(t *testing.T) {
			e := &fakeEngine{}
			args := append([]string{strings.Fields(c.args)[0], "--state", control(t, e)}, strings.Fields(c.args)[1:]...)
			code, out, errs := call(args...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
				t.Errorf("%d %q %q", code, out, errs)
			}
			if got := strings.Join(e.asked, ";"); got != c.ask {
				t.Errorf("the engine was asked %q, want %q", got, c.ask)
			}
		})
	}
}

func TestSteeringRefused(t *testing.T) {
	e := &fakeEngine{err: &backfill.Refusal{Text: "no account \"x\" is known"}}
	code, _, errs := call("pause", "--state", control(t, e), "--account", "x")
	if code != exitFailed || errs != "crossfade: no account \"x\" is known\n" {
		t.Errorf("%d %q", code, errs)
	}
}

// TestStatusTellsThePace: what waits and why, and how the hosts are worked on.
func TestStatusTellsThePace(t *testing.T) {
	soon := time.Now().Add(90 * time.Second)
	e := &fakeEngine{report: backfill.Report{
		Hosts: []pace.Stats{{Side: "source", Host: "old:993", MessagesPerSecond: 48, MessageLimit: 49, MessagesFound: 49, Connections: 3, ConnectionLimit: 4, ConnectionsConfigured: 4}},
		Accounts: []backfill.AccountReport{{Account: "a@b", Priority: 7, Waits: "refused for the account (full)", WaitsUntil: &soon,
			Folders: []backfill.FolderState{{Folder: "Sent", Paused: true, State: "copying"}}}}}}
	_, out, _ := call("status", "--state", control(t, e))
	for _, want := range []string{"waits: refused for the account (full) (for 1m", "priority 7", "Sent is paused", "source old:993: 48.0 messages/s", "at most 49.0 messages/s (what it bears)", "3 of 4 connections (your setting)"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
