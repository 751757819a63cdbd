package backfill_test

import (
	"fmt"
	"testing"
	"time"

	"crossfade/internal/faults"
)

// TestNewsAtOnce: new mail on either side reaches a client that has the folder open well before the next poll, if the
// server has IDLE.
func TestNewsAtOnce(t *testing.T) {
	t.Parallel()
	for _, idle := range []bool{true, false} {
		t.Run(fmt.Sprint(idle), func(t *testing.T) {
			t.Parallel()
			q := faults.Quirks{}
			if !idle {
				q.Without = []string{"IDLE"}
			}
			src, dst := faults.Start(t, q), faults.Start(t, q)
			old, now := src.Account("joe", "secret"), dst.Account("joe", "secret")
			e := engineBetween(t, src, dst, 2*time.Second)
			s, err := e.Login(t.Context(), "joe", "secret")
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Open(t.Context(), "INBOX", false)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			<-time.After(500 * time.Millisecond) // until both listen
			var worst, sum time.Duration
			rounds := map[bool]int{true: 6, false: 2}[idle]
			for i := range rounds {
				at := []*faults.Account{old, now}[i%2]
				begin, n := time.Now(), len(m.Changes(0).UIDs)
				at.Add("INBOX", faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%d@x>\r\n\r\nhello\r\n", i)})
				for len(m.Changes(0).UIDs) == n {
					if time.Since(begin) > 10*time.Second {
						t.Fatal("new mail does not arrive")
					}
					<-time.After(5 * time.Millisecond)
				}
				took := time.Since(begin)
				worst, sum = max(worst, took), sum+took
				<-time.After(300 * time.Millisecond)
			}
			t.Logf("new mail took %v on average, %v at most", sum/time.Duration(rounds), worst)
			if idle && sum/time.Duration(rounds) > time.Second {
				t.Error("that is no better than polling")
			}
		})
	}
}
