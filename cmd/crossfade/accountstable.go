package main

import (
	"fmt"
	"io"
	"time"

	"crossfade/backfill"
)

// accountsTable prints accounts for people, on 80 columns.
type accountsTable struct {
	*planPaper
	rows int
}

func newAccountsTable(out io.Writer) *accountsTable {
	return &accountsTable{planPaper: newPlanPaper(out)}
}

// account prints a line, and what the account needs below it.
func (t *accountsTable) account(a backfill.ListedAccount) {
	if t.rows++; t.rows == 1 {
		t.cells("ACCOUNT", "LAST HERE", "STATE")
	}
	t.cells(a.Account, lastHere(a), stage(a))
	for _, n := range a.Needs {
		t.print("%s", hang("  ! ", "    ", printable(n.Kind+": "+oneLine(n.Text)+since(n.Since))))
	}
}

func since(at *time.Time) string {
	if at == nil {
		return ""
	}
	return " (since " + at.UTC().Format("2006-01-02 15:04 MST") + ")"
}

// lastHere is when a mail program of the user was here.
func lastHere(a backfill.ListedAccount) string {
	switch {
	case a.LastLogin != nil:
		return a.LastLogin.UTC().Format("2006-01-02 15:04 MST")
	case a.FirstLogin != nil:
		return a.FirstLogin.UTC().Format("2006-01-02 15:04 MST")
	}
	return "never"
}

func stage(a backfill.ListedAccount) string {
	s := a.Stage
	switch {
	case a.Stage == backfill.AccountMissing && a.KnownFrom == "users":
		s = "missing (in --users)"
	case a.Stage == backfill.AccountMissing:
		s = "missing (has a mailbox)"
	case a.Made && a.Stage == backfill.AccountEnrolled:
		s = "enrolled, mailbox made"
	}
	if a.Source != "" {
		s += " (" + a.Source + ")"
	}
	return s
}

// end prints the counts, what could not be found out, and advice.
func (t *accountsTable) end(e accountsEnd) {
	if e.Accounts == 0 {
		t.print("%s", hang("", "", "Nobody is known yet: an account is enrolled by its first login, or by 'crossfade accounts enrol'."))
	} else {
		t.print("\n%s", hang("", "", fmt.Sprintf("%d accounts: %d enrolled, %d waiting, %d missing, %d closed. %d never came; %d need something.",
			e.Accounts, e.Enrolled, e.Waiting, e.Missing, e.Closed, e.Never, e.Needing)))
	}
	for _, n := range e.Notes {
		t.print("%s", hang("Note: ", "      ", printable(oneLine(n))))
	}
	if e.Never+e.Waiting == 0 && e.Accounts > 0 {
		return
	}
	for _, a := range advice() {
		t.print("%s", hang("> ", "  ", a))
	}
}

// advice is for mail to users whose mailboxes are not on the new server yet, and for users who work past the proxy.
func advice() []string {
	return []string{
		"Who has not come yet is enrolled by 'crossfade accounts enrol', with a master user of the old server (--source-master) or with passwords in --users.",
		"Mail to mailboxes that the new server does not have yet: leave MX at the old server until all are there; or, on SmarterMail, set the domain's location to external with the old server's address, and \"Deliver locally if user exists\": it keeps mail for the mailboxes it has and hands the rest on to the old one. Other servers do the same with a smart host for unknown recipients. The old server must not send it back, or mail goes round in circles.",
		"Who uses webmail, EAS, EWS or MAPI on the new server works past this proxy and sees only what has been copied: 'crossfade priority --account NAME --folder INBOX 10' lets an INBOX go first.",
	}
}

// enrolled prints what became of one user.
func (t *accountsTable) enrolled(r backfill.Enrolled) {
	text := r.Login + ": " + map[string]string{
		backfill.EnrolKnown:    "was enrolled already",
		backfill.EnrolDone:     "enrolled; the mailbox was there",
		backfill.EnrolMade:     "enrolled; the mailbox was made",
		backfill.EnrolWaits:    "waits",
		backfill.EnrolDeferred: "not now, try again",
	}[r.Did]
	if r.Text != "" {
		text += ": " + oneLine(r.Text)
	}
	t.print("%s\n", printable(text))
}
