//go:build integration

package backfill_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"crossfade/backfill/verify"
	"crossfade/internal/faults"
)

// TestStoryOfTheWorstDestination: it refuses 1 message in 200, drops keywords, has no UIDPLUS and throttles. The move
// ends, the report names each refused message, everything else is equal. CROSSFADE_TEST_WORST is the number of
// messages in INBOX; from 10,000 on the throttle is 50 a second, below that as much quicker.
func TestStoryOfTheWorstDestination(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("CROSSFADE_TEST_WORST"))
	if err != nil || n < 1 {
		n = 1000
	}
	per, limit := time.Second, time.Duration(n/20)*time.Second
	if n < 10_000 {
		per, limit = 50*time.Millisecond, 2*time.Minute
	}
	const words = "this one is not to my taste"
	refuse := faults.OneIn(200, "NO "+words)
	q := faults.Quirks{
		Without: []string{"UIDPLUS", "MULTIAPPEND"}, DropKeywords: true, Refuse: refuse,
		Throttle: faults.Throttle{Appends: 50, Per: per},
	}
	refused := func(m faults.Message) bool { return refuse(m) != "" }
	named := 0
	s := story{dst: q, time: limit, arm: func(w *world) {
		for i := range n {
			w.joeSrc.Add("INBOX", plain(1000+i, "worst"))
		}
	}, want: expectation{refused: refused, words: words, appends: 4 * n, verify: func(r verify.Report) error {
		named += len(r.Refused)
		if bad := r.Missing + r.Different + r.Doubled + r.Waiting + r.FlagsDiffer + r.DatesDiffer; bad > 0 || r.Equal != r.Source-len(r.Refused) {
			return fmt.Errorf("verify: %+v", r)
		}
		return nil
	}}}
	start := time.Now()
	w := newWorld(t, s)
	if err := s.happen(t, w); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, box := range w.joeSrc.Mailboxes() {
		for _, m := range w.joeSrc.Messages(box) {
			if refused(m) {
				want++
			}
		}
	}
	if want == 0 || named != want || w.dst.Count("THROTTLED") == 0 {
		t.Errorf("%d refused messages are named, want %d; %d APPENDs were throttled", named, want, w.dst.Count("THROTTLED"))
	}
	t.Logf("%d messages in %v: %d named as refused, %d APPENDs, %d of them throttled", n+137, time.Since(start).Round(time.Millisecond), named, w.dst.Count("APPEND"), w.dst.Count("THROTTLED"))
}
