package backfill_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
	"crossfade/store"
	"crossfade/store/memory"
)

// TestQuietAccount: an account whose mail has moved and where nothing happens costs each server few commands: with the
// default of one look every 30 s, about as many in an hour as a mail program that is open for some minutes.
func TestQuietAccount(t *testing.T) {
	for _, condstore := range []bool{true, false} {
		t.Run(fmt.Sprint(condstore), func(t *testing.T) {
			const folders, recheck = 12, 40 * time.Millisecond
			q := faults.Quirks{}
			if !condstore {
				q.Without = []string{"CONDSTORE"}
			}
			src, dst := faults.Start(t, q), faults.Start(t, q)
			joe := src.Account("joe", "secret")
			dst.Account("joe", "secret")
			for i := range folders {
				box := fmt.Sprintf("F%d", i)
				joe.Create(box, "")
				for n := range 5 {
					joe.Add(box, faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%d.%d@x>\r\n\r\nhello\r\n", i, n)})
				}
			}
			e := engineBetween(t, src, dst, recheck)
			if _, err := e.Login(t.Context(), "joe", "secret"); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(time.Minute); !e.Status().Done; <-time.After(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("not done: %+v", e.Status())
				}
			}
			<-time.After(3 * recheck)
			before := commands(src)
			begun := time.Now()
			<-time.After(60 * recheck)
			now, total, looks := commands(src), 0, int(time.Since(begun)/recheck) // as many as there were on a busy machine
			for name, n := range now {
				if n -= before[name]; n > 0 {
					total += n
					t.Logf("%s: %d in %d looks", name, n, looks)
				}
			}
			hour := total * 120 / looks
			t.Logf("about %d commands an hour to the source, %d folders", hour, folders+1)
			if most := 480; hour > most {
				t.Errorf("%d commands an hour to a source where nothing happens, more than %d", hour, most)
			}
		})
	}
}

func commands(s *faults.Server) map[string]int {
	out := map[string]int{}
	for _, name := range []string{"LIST", "LSUB", "XLIST", "EXAMINE", "SELECT", "NOOP", "STATUS", "FETCH", "UID FETCH", "NAMESPACE", "LOGIN", "CAPABILITY", "IDLE"} {
		out[name] = s.Count(name)
	}
	return out
}

func engineBetween(t *testing.T, src, dst *faults.Server, recheck time.Duration) *backfill.Engine {
	t.Helper()
	driver := func(s *faults.Server) backfill.Driver {
		d, err := imap.New(imap.Options{URL: s.URL()})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	st, err := store.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	e, err := backfill.New(backfill.Options{Source: driver(src), Destination: driver(dst), Store: st, Recheck: recheck, Poll: recheck, Grace: recheck})
	if err != nil {
		t.Fatal(err)
	}
	runEngine(t, e)
	return e
}

// runEngine runs an engine until the test ends.
func runEngine(t *testing.T, e *backfill.Engine) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
