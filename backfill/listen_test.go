package backfill_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"crossfade/internal/faults"
)

// TestNewsAtOnce: new mail on either side reaches a client that has the folder open without a poll, if the server has
// IDLE; else the next poll finds it.
func TestNewsAtOnce(t *testing.T) {
	t.Parallel()
	for idle, poll := range map[bool]time.Duration{true: 24 * time.Hour, false: 500 * time.Millisecond} {
		t.Run(fmt.Sprint(idle), func(t *testing.T) {
			t.Parallel()
			q := faults.Quirks{}
			if !idle {
				q.Without = []string{"IDLE"}
			}
			src, dst := faults.Start(t, q), faults.Start(t, q)
			old, now := src.Account("joe", "secret"), dst.Account("joe", "secret")
			e := engineBetween(t, src, dst, poll)
			s, err := e.Login(t.Context(), "joe", "secret")
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Open(t.Context(), "INBOX", false)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for i := range 6 {
				n := len(m.Changes(0).UIDs)
				[]*faults.Account{old, now}[i%2].Add("INBOX", faults.Message{Body: fmt.Appendf(nil, "Message-ID: <%d@x>\r\n\r\nhello\r\n", i)})
				within(t, func() error {
					if len(m.Changes(0).UIDs) == n {
						return errors.New("new mail does not arrive")
					}
					return nil
				})
			}
		})
	}
}
