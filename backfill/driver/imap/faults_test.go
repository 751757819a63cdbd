package imap_test

import (
	"testing"

	"crossfade/backfill/driver/drivertest"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

// odd is a server of the fault server's kind.
func odd(q faults.Quirks) drivertest.Factory {
	return func(t *testing.T) drivertest.Server {
		t.Helper()
		s := faults.Start(t, q)
		joe := s.Account("joe", "pass word")
		d, err := imap.New(imap.Options{URL: s.URL()})
		if err != nil {
			t.Fatal(err)
		}
		remove := func(_ *testing.T, box string, uids ...uint32) { joe.Remove(box, uids...) }
		return drivertest.Server{Driver: d, User: "joe", Secret: "pass word", Remove: remove, Chatty: q.Chatty || q.Garbage != nil, Fill: func(_ *testing.T, box string, msgs ...drivertest.Msg) {
			joe.Add(box)
			for _, m := range msgs {
				joe.Add(box, faults.Message{Body: []byte(m.Body), Flags: m.Flags.List(), Date: m.Date})
			}
		}}
	}
}

// TestOddServers runs the suite against servers with one oddity each that the driver must bear without any loss.
func TestOddServers(t *testing.T) {
	without := func(caps ...string) faults.Quirks { return faults.Quirks{Without: caps} }
	for name, q := range map[string]faults.Quirks{
		"good":          {},
		"plain":         without("UIDPLUS", "LITERAL+", "MOVE", "UNSELECT", "IDLE", "NAMESPACE", "CONDSTORE", "MULTIAPPEND", "ENABLE", "ID", "SPECIAL-USE", "LIST-EXTENDED", "CHILDREN", "SASL-IR", "AUTH=PLAIN"),
		"no multi":      without("MULTIAPPEND"),
		"no condstore":  without("CONDSTORE"),
		"no qresync":    without("QRESYNC"),
		"no enable":     without("ENABLE"),
		"no liststatus": without("LIST-STATUS"),
		"no unselect":   without("UNSELECT"),
		"told twice":    {Vanished: faults.VanishedTwice},
		"gaps told":     {Vanished: faults.VanishedGaps},
		"no literal+":   without("LITERAL+"),
		"prefix":        {Separator: ".", Prefix: "INBOX."},
		"xlist":         {XList: true},
		"gaps":          {UIDGap: 7},
		"all are one":   {Validity: faults.ValidityOne},
		"double spaces": {DoubleSpaces: true},
		"chatty":        {Chatty: true},
		"early":         {EarlyNews: true},
		"no uid told":   {AppendUID: faults.UIDMissing},
		"uid of zero":   {AppendUID: faults.UIDZeroValidity},
		"garbage":       {Garbage: []string{"* 17", "* NO", "* X-FOO {3", "* 999999 FETCH (FLAGS (\\Seen))", "* OK [NONSENSE", "* FETCH", "*"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("Mail", func(t *testing.T) { drivertest.Mail(t, odd(q)) })
			t.Run("Writer", func(t *testing.T) { drivertest.Writer(t, odd(q)) })
		})
	}
}
