package backfill_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"crossfade/internal/faults"
)

// quietFolders is a finished move of twelve folders that nobody opens.
func quietFolders(t *testing.T, q faults.Quirks, recheck time.Duration) (joe, now *faults.Account, src *faults.Server) {
	t.Helper()
	src = faults.Start(t, q)
	dst := faults.Start(t, faults.Quirks{})
	joe, now = src.Account("joe", "secret"), dst.Account("joe", "secret")
	for i := range 12 {
		joe.Add(fmt.Sprintf("F%d", i), numberedMail(i), numberedMail(100+i))
	}
	e := engineBetween(t, src, dst, recheck)
	if _, err := e.Login(t.Context(), "joe", "secret"); err != nil {
		t.Fatal(err)
	}
	within(t, func() error {
		if r := e.Status(); !r.Done {
			return fmt.Errorf("not done: %+v", r)
		}
		return nil
	})
	return joe, now, src
}

// TestGlance: what happens in folders that nobody has open is found, and soon where STATUS tells of it, without opening
// the others.
func TestGlance(t *testing.T) {
	for name, q := range map[string]faults.Quirks{
		"LIST-STATUS":                 {},
		"STATUS":                      {Without: []string{"LIST-STATUS", "UNSELECT"}},
		"no mod-sequences":            {Without: []string{"CONDSTORE"}},
		"a stale STATUS":              {StaleStatus: true},
		"stale, no mod-sequences":     {StaleStatus: true, Without: []string{"CONDSTORE", "LIST-STATUS"}},
		"Courier, as it calls itself": {Greeting: "* OK [CAPABILITY IMAP4rev1 UIDPLUS] Courier-IMAP ready."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			joe, now, _ := quietFolders(t, q, 10*time.Millisecond)
			<-time.After(300 * time.Millisecond) // some glances
			joe.Add("F3", numberedMail(1000))
			gone := joe.Messages("F4")[0].UID
			joe.Remove("F4", gone)
			joe.Flag("F5", joe.Messages("F5")[1].UID, `\Flagged`)
			within(t, func() error {
				if n := len(now.Messages("F3")); n != 3 {
					return fmt.Errorf("F3 holds %d messages", n)
				}
				if n := len(now.Messages("F4")); n != 1 {
					return fmt.Errorf("F4 holds %d messages", n)
				}
				if f := now.Messages("F5")[1].Flags; len(f) != 1 {
					return fmt.Errorf("F5 holds flags %q", f)
				}
				return nil
			})
		})
	}
}

// TestGlanceOpensOne: one new message has one folder opened, not twelve. INBOX is looked at now and then, and so are the
// others, but far more rarely: on a busy machine that look may come just now, so another message is tried then.
func TestGlanceOpensOne(t *testing.T) {
	t.Parallel()
	joe, now, src := quietFolders(t, faults.Quirks{}, 150*time.Millisecond)
	var mu sync.Mutex
	others := map[string]bool{}
	src.Script(faults.Rule{On: "EXAMINE", Match: func(c faults.Command) bool {
		mu.Lock()
		defer mu.Unlock()
		if c.Mailbox != "INBOX" && c.Mailbox != "F3" {
			others[c.Mailbox] = true
		}
		return false
	}})
	within(t, func() error { // the looks behind the first glance; the next ones come 18 s later
		mu.Lock()
		defer mu.Unlock()
		if len(others) < 11 {
			return fmt.Errorf("%v have been opened", others)
		}
		return nil
	})
	opened := func() int {
		mu.Lock()
		defer mu.Unlock()
		n := len(others)
		clear(others)
		return n
	}
	for try := range 5 {
		opened()
		joe.Add("F3", numberedMail(1000+try))
		within(t, func() error {
			if n := len(now.Messages("F3")); n != 3+try {
				return fmt.Errorf("F3 holds %d messages", n)
			}
			return nil
		})
		if opened() == 0 {
			return
		}
	}
	t.Error("other folders were opened for each new message of F3")
}
