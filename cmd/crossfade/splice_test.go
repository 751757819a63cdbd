package main

import (
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

// TestParting: splice and close ask the engine for what they say, and tell what came of it.
func TestParting(t *testing.T) {
	when := time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		args    string
		parting backfill.Parting
		closing backfill.Closing
		err     error
		code    int
		ask     string
		out     string
		errs    string
	}{
		{"splice --account a@b", backfill.Parting{Stage: "blended", Unsettled: map[string]int{"unseen": 2, "pace": 1}}, backfill.Closing{}, nil, exitWell, "splice true a@b", "when all its folders have settled; 3 have not", ""},
		{"splice --account a@b", backfill.Parting{Stage: "spliced", AliasUses: 7, AliasUsed: &when}, backfill.Closing{}, nil, exitWell, "splice true a@b", "from the next login on; old folder names end, which were used 7 times, last on 2026-12-02", ""},
		{"splice --account a@b", backfill.Parting{Stage: "closed"}, backfill.Closing{}, nil, exitWell, "splice true a@b", "closed already", ""},
		{"splice --account a@b --undo", backfill.Parting{}, backfill.Closing{}, nil, exitWell, "splice false a@b", "old folder names are kept", ""},
		{"splice --account a@b --json", backfill.Parting{Stage: "spliced", Native: 3}, backfill.Closing{}, nil, exitWell, "splice true a@b", `{"stage":"spliced","folders_settled":3}`, ""},
		{"splice", backfill.Parting{}, backfill.Closing{}, nil, exitUsage, "", "", "--account"},
		{"splice --account x", backfill.Parting{}, backfill.Closing{}, &backfill.Refusal{Text: "no account"}, exitFailed, "splice true x", "", "no account"},
		{"close --account a@b", backfill.Parting{}, backfill.Closing{Account: "a@b", Closed: &when}, nil, exitWell, "close false a@b", "a@b is closed: its old mailbox is asked no more", ""},
		{"close --account a@b --yes --json", backfill.Parting{}, backfill.Closing{Account: "a@b", Closed: &when}, nil, exitWell, "close true a@b", `"closed":"2026-12-02T10:00:00Z"`, ""},
		{"close --account a@b", backfill.Parting{}, backfill.Closing{Account: "a@b", Why: []string{"INBOX: 3 messages are not copied yet"}, Unless: []string{"mail arrived"}}, nil, exitFailed, "close false a@b",
			"a@b is not closed:\n  INBOX: 3 messages are not copied yet\n  mail arrived (--yes closes it all the same)\n", ""},
		{"close", backfill.Parting{}, backfill.Closing{}, nil, exitUsage, "", "", "--account"},
		{"close --account x", backfill.Parting{}, backfill.Closing{}, &backfill.Refusal{Text: "no account"}, exitFailed, "close false x", "", "no account"},
	} {
		t.Run(c.args, func(t *testing.T) {
			e := &fakeEngine{parting: c.parting, closing: c.closing, err: c.err}
			code, out, errs := call(append(strings.Fields(c.args), "--state", control(t, e))...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
				t.Errorf("%d %q %q", code, out, errs)
			}
			if got := strings.Join(e.asked, ";"); got != c.ask {
				t.Errorf("the engine was asked %q, want %q", got, c.ask)
			}
		})
	}
}
