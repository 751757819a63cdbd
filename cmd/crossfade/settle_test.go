package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

// TestSettleCommand: each form asks the engine for what it says, and tells what was done.
func TestSettleCommand(t *testing.T) {
	when := time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)
	inbox := backfill.SettlingFolder{Account: "a@b", Folder: "INBOX", Stage: "settled", Settled: &when}
	own := backfill.SettlingFolder{Account: "a@b", Folder: "Neu", Stage: "destination only"}
	sent := backfill.SettlingFolder{Account: "a@b", Folder: "Sent", Stage: "blended", Reason: "incomplete", Why: []string{"3 messages are not copied yet", "it is being renamed"}}
	trash := backfill.SettlingFolder{Account: "a@b", Folder: "Trash", Stage: "blended", Reason: "patience", Why: []string{"it has been complete only since now"}, Until: &when, Ordered: true}
	for _, c := range []struct {
		args    string
		folders []backfill.SettlingFolder
		code    int
		ask     string
		out     []string
		errs    string
	}{
		{"", []backfill.SettlingFolder{inbox, own}, exitWell, "settle false", []string{"settled  a@b: INBOX, on 2026-12-02 10:00 UTC", "2 of 2 folders"}, ""},
		{"--account a@b --now", []backfill.SettlingFolder{inbox, sent, trash}, exitFailed, "settle true a@b",
			[]string{"waits    a@b: Sent\n           3 messages are not copied yet\n           it is being renamed\n", "waits    a@b: Trash (until 2026-12-02 10:00 UTC), ordered\n", "1 of 3 folders"}, ""},
		{"--account a@b --folder Sent --json", []backfill.SettlingFolder{sent}, exitFailed, "settle false a@b Sent",
			[]string{`{"account":"a@b","folder":"Sent","stage":"blended","reason":"incomplete","why":["3 messages are not copied yet","it is being renamed"]}`, `{"end":true,"ok":false,"folders":1,"folders_settled":0}`}, ""},
		{"", nil, exitFailed, "settle false", []string{"first login"}, ""},
		{"--stop", nil, exitWell, "stop settling true", []string{"everything does not settle, until 'crossfade settle --go'"}, ""},
		{"--go --account a@b --json", nil, exitWell, "stop settling false a@b", []string{`{"did":"settle-go","account":"a@b"}`}, ""},
		{"--account a@b --no-clients", nil, exitWell, "no clients true a@b", []string{"the folders of a@b settle without waiting"}, ""},
		{"--account a@b --clients", nil, exitWell, "no clients false a@b", []string{"wait for being opened again"}, ""},
		{"--no-clients", nil, exitUsage, "", nil, "--account NAME"},
		{"--no-clients --account a@b --folder Sent", nil, exitUsage, "", nil, "no --folder"},
		{"--folder Sent --now", nil, exitUsage, "", nil, "--account NAME"},
		{"--now --stop", nil, exitUsage, "", nil, "--now"},
	} {
		t.Run(c.args, func(t *testing.T) {
			e := &fakeEngine{settle: c.folders}
			code, out, errs := call(append([]string{"settle", "--state", control(t, e)}, strings.Fields(c.args)...)...)
			if code != c.code || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
				t.Errorf("%d %q %q", code, out, errs)
			}
			for _, want := range c.out {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if got := strings.Join(e.asked, ";"); got != c.ask {
				t.Errorf("the engine was asked %q, want %q", got, c.ask)
			}
		})
	}
}

func TestSettleRefused(t *testing.T) {
	e := &fakeEngine{err: &backfill.Refusal{Text: "no account \"x\" is known"}}
	for _, args := range []string{"settle --account x", "settle --account x --stop"} {
		t.Run(args, func(t *testing.T) {
			code, _, errs := call(append(strings.Fields(args), "--state", control(t, e))...)
			if code != exitFailed || errs != "crossfade: no account \"x\" is known\n" {
				t.Errorf("%d %q", code, errs)
			}
		})
	}
	if err := (&settleCmd{}).print(strings.NewReader(`{"account":"a","folder":"INBOX"}`), new(strings.Builder)); err == nil || errors.Is(err, errTold) {
		t.Errorf("cut off: %v", err)
	}
}
