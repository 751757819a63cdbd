package main

import (
	"strings"
	"testing"

	"crossfade/backfill"
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
