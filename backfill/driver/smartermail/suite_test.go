package smartermail_test

import (
	"errors"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/drivertest"
	"crossfade/backfill/driver/imap"
	"crossfade/backfill/driver/smartermail"
	"crossfade/internal/faults"
	"crossfade/internal/standin"
	"crossfade/mapping"
)

// joined is a mail server of the fault server's kind joined with a stand-in's API.
func joined(t *testing.T, q faults.Quirks, o standin.Options) (*smartermail.Driver, *faults.Server, *standin.Server) {
	t.Helper()
	mail, api := faults.Start(t, q), standin.Start(t, o)
	api.Directory.AddMailbox(standin.Mailbox{Email: "joe@example.com", Password: "pass word"})
	inner, err := imap.New(imap.Options{URL: mail.URL()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := smartermail.New(inner, smartermail.Options{URL: api.API.URL, User: "admin", Secret: "admin-secret", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return d, mail, api
}

// TestSuite: joined with an API, a mail driver passes all that it passes alone. The API is not even asked.
func TestSuite(t *testing.T) {
	for name, q := range map[string]faults.Quirks{
		"good":        {},
		"smartermail": {XList: true, DoubleSpaces: true, Validity: faults.ValidityOne, Without: []string{"LITERAL+", "UNSELECT", "IDLE", "NAMESPACE", "MULTIAPPEND", "ID", "LIST-EXTENDED", "QRESYNC"}},
	} {
		factory := func(t *testing.T) drivertest.Server {
			d, mail, api := joined(t, q, standin.Options{})
			t.Cleanup(func() {
				if n := api.API.Count(""); n != 0 {
					t.Errorf("mail alone made %d calls of the API", n)
				}
			})
			joe := mail.Account("joe@example.com", "pass word")
			return drivertest.Server{Driver: d, User: "joe@example.com", Secret: "pass word",
				Remove: func(_ *testing.T, box string, uids ...uint32) { joe.Remove(box, uids...) },
				Fill: func(_ *testing.T, box string, msgs ...drivertest.Msg) {
					joe.Add(box)
					for _, m := range msgs {
						joe.Add(box, faults.Message{Body: []byte(m.Body), Flags: m.Flags.List(), Date: m.Date})
					}
				}}
		}
		t.Run(name, func(t *testing.T) {
			t.Run("Mail", func(t *testing.T) { drivertest.Mail(t, factory) })
			t.Run("Writer", func(t *testing.T) { drivertest.Writer(t, factory) })
		})
	}
}

// TestAutoCleaned: the mailbox tells which of its own folders are emptied, by their raw names; where the server does not
// tell, it says that it does not know.
func TestAutoCleaned(t *testing.T) {
	d, mail, api := joined(t, faults.Quirks{XList: true}, standin.Options{})
	joe := mail.Account("joe@example.com", "pass word")
	joe.Create("Gel&APY-schte Elemente", `\Trash`)
	joe.Create("Junk-E-Mail", `\Junk`)
	m, err := d.Login(t.Context(), "joe@example.com", "pass word")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	cleaner := m.(backfill.AutoCleaner)
	rules, err := cleaner.AutoCleaned(t.Context())
	if err != nil || len(rules) != 2 {
		t.Fatalf("rules %+v, %v", rules, err)
	}
	got := map[mapping.Role]string{}
	for _, r := range rules {
		if r.OlderThan != 30*24*time.Hour || r.Text == "" {
			t.Errorf("rule %+v", r)
		}
		got[r.Role] = r.Folder
	}
	if got[mapping.Trash] != "Gel&APY-schte Elemente" || got[mapping.Junk] != "Junk-E-Mail" {
		t.Errorf("folders %v", got)
	}
	if _, err := cleaner.AutoCleaned(t.Context()); err != nil || api.API.Count("domain/domain") != 1 {
		t.Errorf("the rules of a domain were asked for %d times, %v", api.API.Count("domain/domain"), err)
	}
	untold, mail, _ := joined(t, faults.Quirks{}, standin.Options{API: standin.APIOptions{CleanStyle: standin.CleanUntold}})
	mail.Account("joe@example.com", "pass word")
	n, err := untold.Login(t.Context(), "joe@example.com", "pass word")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.(backfill.AutoCleaner).AutoCleaned(t.Context()); !errors.Is(err, backfill.ErrNotOffered) {
		t.Errorf("rules that nobody told: %v", err)
	}
}

// TestLoginAs: a mailbox that somebody else opened is joined as well, as its own and not theirs.
func TestLoginAs(t *testing.T) {
	d, mail, api := joined(t, faults.Quirks{}, standin.Options{})
	mail.Account("joe@example.com", "pass word")
	m, err := d.LoginAs(t.Context(), backfill.Credentials{User: "joe@example.com", Secret: "pass word"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if rules, err := m.(backfill.AutoCleaner).AutoCleaned(t.Context()); err != nil || len(rules) != 2 {
		t.Errorf("rules %+v, %v", rules, err)
	}
	if _, err := d.LoginAs(t.Context(), backfill.Credentials{User: "joe@example.com", Secret: "wrong"}); err == nil {
		t.Error("a wrong password was taken")
	}
	if n := api.API.Count("authenticate-user"); n != 1 {
		t.Errorf("%d logins at the API", n)
	}
}

// TestWrongMailDriver: a mail driver of which something would be hidden is refused.
func TestWrongMailDriver(t *testing.T) {
	inner, err := imap.New(imap.Options{URL: "imap://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	o := smartermail.Options{URL: "https://mail.example.com", User: "admin", Secret: "x"}
	if _, err := smartermail.New(struct{ backfill.Driver }{inner}, o); err == nil {
		t.Error("a driver without a pace and without pipes was joined")
	}
	for _, o := range []smartermail.Options{{URL: "https://mail.example.com", User: "admin"}, {URL: "https://mail.example.com", Secret: "x"}, {User: "admin", Secret: "x"}} {
		if _, err := smartermail.New(inner, o); err == nil {
			t.Errorf("joined with %q and %q", o.URL, o.User)
		}
	}
}
