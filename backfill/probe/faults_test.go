package probe_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	driver "crossfade/backfill/driver/imap"
	"crossfade/backfill/probe"
	"crossfade/internal/faults"
)

// faulty is a server with quirks and the test account with a little mail.
func faulty(t *testing.T, q faults.Quirks) (*faults.Server, *driver.Driver, *faults.Account) {
	t.Helper()
	s := faults.Start(t, q)
	a := s.Account(user, pass)
	date := time.Date(2015, 1, 2, 3, 4, 5, 0, time.UTC)
	box := q.Prefix + "Work"
	a.Create(box, "")
	for _, name := range []string{"INBOX", box} {
		a.Add(name, faults.Message{Body: []byte("Subject: a\r\nMessage-ID: <" + name + "@x.test>\r\n\r\nb\r\n"), Date: date})
	}
	d, err := driver.New(driver.Options{URL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return s, d, a
}

// TestFaultsOfDestination: each switch of the fault server is found over the wire, under its name; and whatever the
// server does, the account is afterwards as it was.
func TestFaultsOfDestination(t *testing.T) {
	nul := func(m faults.Message) string {
		if strings.Contains(string(m.Body), "\x00") {
			return "NO [CANNOT] no NUL"
		}
		return ""
	}
	for _, c := range []struct {
		name string
		q    faults.Quirks
		want map[string]string // check: level and words
	}{
		{"a good one", faults.Quirks{}, map[string]string{"bytes": "green", "keywords": "green kept", "appenduid": "green", "twins": "green", "pipeline": "green",
			"recreate": "green", "dates": "green in the future", "scratch": "green", "quota": "green no quota", "connections": "green 4"}},
		{"no UIDPLUS", faults.Quirks{Without: []string{"UIDPLUS"}}, map[string]string{"uidplus": "yellow looked for", "bytes": "green"}},
		{"no LITERAL+", faults.Quirks{Without: []string{"LITERAL+", "MULTIAPPEND"}}, map[string]string{"literal-plus": "yellow", "multiappend": "green one command", "pipeline": "green"}},
		{"no MOVE, no IDLE", faults.Quirks{Without: []string{"MOVE", "IDLE"}}, map[string]string{"move": "yellow", "idle": "yellow"}},
		{"XLIST only", faults.Quirks{XList: true}, map[string]string{"capabilities": "green XLIST"}},
		{"no roles", faults.Quirks{Without: []string{"SPECIAL-USE"}}, map[string]string{"special-use": "yellow by their names"}},
		{"a prefix", faults.Quirks{Separator: ".", Prefix: "INBOX."}, map[string]string{"separator": `green "INBOX."`, "scratch": "green", "name-deep": "green"}},
		{"APPENDUID missing", faults.Quirks{AppendUID: faults.UIDMissing}, map[string]string{"appenduid": "yellow tells no APPENDUID"}},
		{"APPENDUID of validity 0", faults.Quirks{AppendUID: faults.UIDZeroValidity}, map[string]string{"appenduid": "yellow tells no APPENDUID"}},
		{"APPENDUID of another", faults.Quirks{AppendUID: faults.UIDOfOther}, map[string]string{"appenduid": "red APPENDUID said"}},
		{"APPENDUID too low", faults.Quirks{AppendUID: faults.UIDTooLow}, map[string]string{"appenduid": "red APPENDUID said"}},
		{"APPENDUID too high", faults.Quirks{AppendUID: faults.UIDTooHigh}, map[string]string{"appenduid": "red APPENDUID said"}},
		{"gaps", faults.Quirks{UIDGap: 7}, map[string]string{"appenduid": "green", "pipeline": "green"}},
		{"UIDVALIDITY 0", faults.Quirks{Validity: faults.ValidityZero}, map[string]string{"uidvalidity": "red 0"}},
		{"UIDVALIDITY 1", faults.Quirks{Validity: faults.ValidityOne}, map[string]string{"recreate": "red same UIDVALIDITY 1"}},
		{"keywords dropped by APPEND", faults.Quirks{DropKeywords: true}, map[string]string{"keywords": "green kept by STORE"}},
		{"no keywords", faults.Quirks{NoKeywords: true}, map[string]string{"keywords": "yellow does not keep keywords"}},
		{"keywords forgotten", faults.Quirks{ForgetKeywords: true}, map[string]string{"keywords": "yellow does not keep keywords"}},
		{"dates are now", faults.Quirks{Dates: faults.DatesNow}, map[string]string{"date-past": "red becomes", "date-zone": "red becomes"}},
		{"dates are wrong", faults.Quirks{Dates: faults.DatesShifted}, map[string]string{"date-past": "red becomes"}},
		{"refuses some", faults.Quirks{Refuse: nul}, map[string]string{"odd-nul": "yellow [CANNOT] no NUL", "bytes": "green"}},
		{"equal messages are one", faults.Quirks{Dedup: faults.SameBytes}, map[string]string{"twins": "red removes duplicates"}},
		{"equal Message-IDs are one", faults.Quirks{Dedup: faults.SameMessageID}, map[string]string{"twins": "red removes duplicates"}},
		{"adds a header", faults.Quirks{Rewrite: faults.AddHeader}, map[string]string{"bytes": "red X-Received-By"}},
		{"mends line ends", faults.Quirks{Rewrite: faults.NormalLines}, map[string]string{"bytes": "green", "odd-bare-lf": "yellow other line ends"}},
		{"sorts mail away", faults.Quirks{Deliver: func(string, faults.Message) string { return "Work" }}, map[string]string{"writing": "red acknowledged, and 0 are there"}},
		{"a limit", faults.Quirks{MaxSize: 100_000, With: []string{"APPENDLIMIT=100000"}}, map[string]string{"append-limit": "green 100 kB", "large": "yellow refuses one of 1000 kB"}},
		{"a full account", faults.Quirks{Quota: 150}, map[string]string{"quota": "red leaves", "writing": "red OVERQUOTA"}},
		{"NUL is shown as 0x80", faults.Quirks{NulTo80: true}, map[string]string{"odd-nul": "yellow 0x80"}},
		{"few connections", faults.Quirks{MaxConns: 2}, map[string]string{"connections": "red only 2 of 4"}},
		{"double spaces", faults.Quirks{DoubleSpaces: true}, map[string]string{"bytes": "green", "scratch": "green"}},
		{"talks too much", faults.Quirks{Chatty: true, Garbage: []string{"* X-NEWS (a b)"}}, map[string]string{"bytes": "green", "scratch": "green"}},
		{"busy", faults.Quirks{Greeting: "* BYE Server is busy"}, map[string]string{"greeting": "red busy", "login": "red"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, src, _ := faulty(t, faults.Quirks{})
			_, dst, account := faulty(t, c.q)
			boxes := account.Mailboxes()
			before := map[string][]faults.Message{}
			for _, b := range boxes {
				before[b] = account.Messages(b)
			}
			got, _ := look(t, src, dst, probe.Options{Connections: 4, Large: c.q.MaxSize > 0})
			for check, want := range c.want {
				level, text, _ := strings.Cut(want, " ")
				if f, ok := got["destination "+check]; !ok || f.Level.String() != level || !strings.Contains(f.Text, text) {
					t.Errorf("%s: %+v, want %s\nall: %v", check, f, want, got)
				}
			}
			if after := account.Mailboxes(); !slices.Equal(boxes, after) {
				t.Errorf("mailboxes %q, were %q", after, boxes)
			}
			for _, b := range boxes {
				if c.q.Deliver == nil && len(account.Messages(b)) != len(before[b]) {
					t.Errorf("%q has %d messages, had %d", b, len(account.Messages(b)), len(before[b]))
				}
			}
		})
	}
}

// TestCourier: the one server that is selected is told of.
func TestCourier(t *testing.T) {
	s, src, _ := faulty(t, faults.Quirks{Greeting: "* OK Courier-IMAP ready. Copyright 1998-2005 Double Precision, Inc."})
	_, dst, _ := faulty(t, faults.Quirks{})
	got, _ := look(t, src, dst, probe.Options{})
	if f := got["source courier"]; f.Level != probe.Green || !strings.Contains(f.Text, "SELECT") || s.Count("SELECT") == 0 {
		t.Errorf("%+v, %d SELECTs", f, s.Count("SELECT"))
	}
}

// TestSourceIsOnlyRead: of all commands that change something, the source sees none; and a source with quirks is told of.
func TestSourceIsOnlyRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		q     faults.Quirks
		check string
		level probe.Level
	}{
		{"a good one", faults.Quirks{}, "uidvalidity", probe.Green},
		{"without much", faults.Quirks{Without: []string{"LITERAL+", "NAMESPACE", "SPECIAL-USE", "IDLE", "LIST-EXTENDED", "CONDSTORE"}, Prefix: "INBOX.", Separator: "."}, "idle", probe.Yellow},
		{"UIDVALIDITY 0", faults.Quirks{Validity: faults.ValidityZero}, "uidvalidity", probe.Red},
		{"a listing that is cut short", faults.Quirks{ShortFetch: 1}, "mail", probe.Green},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, src, account := faulty(t, c.q)
			_, dst, _ := faulty(t, faults.Quirks{})
			got, survey := look(t, src, dst, probe.Options{Connections: 4})
			if f := got["source "+c.check]; f.Level != c.level || f.Text == "" {
				t.Errorf("%s: %+v", c.check, f)
			}
			if survey.Messages != 2 {
				t.Errorf("survey %+v", survey)
			}
			for _, verb := range []string{"SELECT", "APPEND", "STORE", "UID STORE", "EXPUNGE", "UID EXPUNGE", "CREATE", "DELETE", "RENAME", "COPY", "UID COPY",
				"MOVE", "UID MOVE", "SUBSCRIBE", "UNSUBSCRIBE", "CLOSE", "SETACL", "SETQUOTA"} {
				if n := s.Count(verb); n > 0 {
					t.Errorf("%s was sent to the source %d times", verb, n)
				}
			}
			if s.Count("EXAMINE") == 0 {
				t.Error("no EXAMINE was sent: the test is blind")
			}
			for _, b := range account.Mailboxes() {
				for _, m := range account.Messages(b) {
					if len(m.Flags) > 0 {
						t.Errorf("%q: flags %q", b, m.Flags)
					}
				}
			}
		})
	}
}
