package backfill_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/faults"
)

// moved is a finished move of n messages in INBOX between two fault servers.
func moved(t *testing.T, q faults.Quirks, n int) (e *backfill.Engine, joe, now *faults.Account, listings *atomic.Int32) {
	t.Helper()
	src, dst := faults.Start(t, q), faults.Start(t, faults.Quirks{})
	joe, now = src.Account("joe", "secret"), dst.Account("joe", "secret")
	for i := range n {
		joe.Add("INBOX", numberedMail(i))
	}
	listings = &atomic.Int32{}
	src.Script(faults.Rule{On: "UID FETCH", Match: func(c faults.Command) bool {
		if strings.HasPrefix(c.Line, "UID FETCH 1:* (UID FLAGS)") && !strings.Contains(c.Line, "CHANGEDSINCE") {
			listings.Add(1)
		}
		return false
	}})
	e = engineBetween(t, src, dst, 20*time.Millisecond)
	if _, err := e.Login(t.Context(), "joe", "secret"); err != nil {
		t.Fatal(err)
	}
	within(t, func() error {
		if r := e.Status(); !r.Done {
			return fmt.Errorf("not done: %+v", r)
		}
		return nil
	})
	listings.Store(0)
	return e, joe, now, listings
}

func numberedMail(i int) faults.Message {
	return faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%d@x>\r\n\r\nhello %d\r\n", i, i)}
}

// within waits until check is content.
func within(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

func bodies(a *faults.Account, box string) (out []string) {
	for _, m := range a.Messages(box) {
		out = append(out, string(m.Body))
	}
	slices.Sort(out)
	return out
}

// sameBodies compares INBOX of both sides.
func sameBodies(joe, now *faults.Account) error {
	if below, above := bodies(joe, "INBOX"), bodies(now, "INBOX"); !slices.Equal(below, above) {
		return fmt.Errorf("the source holds %d messages, the destination %d", len(below), len(above))
	}
	return nil
}

// TestVanished: what is deleted on the source is deleted here, and nothing else, whatever the source says vanished. Where
// it tells the truth, it is not asked to list everything.
func TestVanished(t *testing.T) {
	for name, c := range map[string]struct {
		q      faults.Quirks
		listed bool // a complete listing is needed
	}{
		"told":          {},
		"twice":         {q: faults.Quirks{Vanished: faults.VanishedTwice}},
		"all gaps":      {q: faults.Quirks{Vanished: faults.VanishedGaps, UIDGap: 3}},
		"nothing":       {q: faults.Quirks{Vanished: faults.VanishedUntold}, listed: true},
		"half":          {q: faults.Quirks{Vanished: faults.VanishedHalf}, listed: true},
		"a living one":  {q: faults.Quirks{Vanished: faults.VanishedLiving}, listed: true},
		"all there are": {q: faults.Quirks{Vanished: faults.VanishedAll}, listed: true},
		"no QRESYNC":    {q: faults.Quirks{Without: []string{"QRESYNC"}}, listed: true},
		"no CONDSTORE":  {q: faults.Quirks{Without: []string{"CONDSTORE"}}, listed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, joe, now, listings := moved(t, c.q, 60)
			all := joe.Messages("INBOX")
			joe.Remove("INBOX", all[4].UID, all[5].UID, all[6].UID, all[19].UID)
			joe.Add("INBOX", numberedMail(1000))
			joe.Flag("INBOX", all[30].UID, `\Flagged`)
			within(t, func() error { return sameBodies(joe, now) })
			if n := len(now.Messages("INBOX")); n != 57 {
				t.Errorf("%d messages are left, not 57", n)
			}
			if n := listings.Load(); (n > 0) != c.listed {
				t.Errorf("the source was asked for %d complete listings", n)
			}
		})
	}
}

// TestVanishedMany: that much vanished at once is not believed, whoever says it.
func TestVanishedMany(t *testing.T) {
	for _, how := range []faults.Vanished{faults.VanishedTold, faults.VanishedAll, faults.VanishedUntold} {
		t.Run(fmt.Sprint(how), func(t *testing.T) {
			t.Parallel()
			e, joe, now, listings := moved(t, faults.Quirks{Vanished: how}, 120)
			all := joe.Messages("INBOX")
			var most []uint32
			for _, m := range all[:70] {
				most = append(most, m.UID)
			}
			joe.Remove("INBOX", most...)
			within(t, func() error {
				if r := e.Status(); !strings.Contains(r.Accounts[0].Folders[0].Problem, "70 of 120 messages vanished") {
					return fmt.Errorf("nothing is said: %+v", r.Accounts[0].Folders[0])
				}
				return nil
			})
			<-time.After(300 * time.Millisecond) // some more looks
			if n := len(now.Messages("INBOX")); n != 120 || listings.Load() == 0 {
				t.Errorf("%d of 120 messages are left, after %d listings", n, listings.Load())
			}
		})
	}
}
