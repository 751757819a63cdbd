package backfill_test

import (
	"fmt"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/backfill/pace"
	"crossfade/internal/faults"
	"crossfade/store"
	"crossfade/store/memory"
)

// TestPacedMove: the real driver and the real engine keep to what the admin allows on the old server, find what the
// new one bears, and the move ends. It tells what the old server had to do.
func TestPacedMove(t *testing.T) {
	const n, accounts = 60, 4
	src := faults.Start(t, faults.Quirks{})
	dst := faults.Start(t, faults.Quirks{Without: []string{"MULTIAPPEND"}, Throttle: faults.Throttle{Appends: 40, Per: 500 * time.Millisecond}})
	for a := range accounts {
		joe := src.Account(fmt.Sprint("joe", a), "pw")
		dst.Account(fmt.Sprint("joe", a), "pw")
		joe.Add("INBOX")
		for i := range n {
			joe.Add("INBOX", faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%d-%d@test>\r\n\r\nhello\r\n", a, i)})
		}
	}
	st, err := store.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	driver := func(s *faults.Server, l pace.Limits) backfill.Driver {
		d, err := imap.New(imap.Options{URL: s.URL(), Limits: l})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	e, err := backfill.New(backfill.Options{Source: driver(src, pace.Limits{Connections: 3, Messages: 100}), Destination: driver(dst, pace.Limits{}), Store: st,
		Recheck: 50 * time.Millisecond, Pause: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	begun, most := time.Now(), 0 // by our own count: a server notices a bit late that one was closed for another
	for a := range accounts {
		s, err := e.Login(t.Context(), fmt.Sprint("joe", a), "pw")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for !e.Status().Done {
		if most = max(most, e.Hosts()[0].Connections); time.Since(begun) > 5*time.Minute {
			t.Fatalf("%+v", e.Status())
		}
		time.Sleep(5 * time.Millisecond)
	}
	took, hosts := time.Since(begun), e.Hosts()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if most > 3 || hosts[0].Messages < n*accounts || hosts[1].Messages != n*accounts {
		t.Errorf("%d connections to the source, %d messages read, %d written", most, hosts[0].Messages, hosts[1].Messages)
	}
	if took < time.Duration(n*accounts)*time.Second/100-500*time.Millisecond {
		t.Errorf("%d messages in %v: more than 100 a second", n*accounts, took)
	}
	if dst.Count("THROTTLED") > 0 && hosts[1].Refusals["throttled"] == 0 {
		t.Error("the destination refused, and its pace does not know")
	}
	t.Logf("%v: the source had at most %d connections, %d FETCH and %d SELECT or EXAMINE; the destination throttled %d of %d APPENDs, found %.0f a second",
		took.Round(time.Millisecond), most, src.Count("UID FETCH"), src.Count("EXAMINE"), dst.Count("THROTTLED"), dst.Count("APPEND"), hosts[1].MessagesFound)
}
