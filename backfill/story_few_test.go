package backfill_test

import (
	"bytes"
	"testing"

	"crossfade/internal/faults"
)

// TestStories are the few that are quick; the others take their time and stand with the integration tests.
func TestStories(t *testing.T) {
	odd := func(m faults.Message) bool { return bytes.Contains(m.Body, []byte("3\r\nMessage-ID")) }
	runStories(t, []story{
		{name: "good"},
		{name: "both of 1996", src: bare(), dst: bare()},
		{name: "destination: keywords dropped, no UIDPLUS", dst: with(without("UIDPLUS"), func(q *faults.Quirks) { q.DropKeywords = true })},
		{name: "destination: no keywords", dst: faults.Quirks{NoKeywords: true}, want: expectation{flags: noKeywords}},
		{name: "destination: some are refused", dst: faults.Quirks{Refuse: func(m faults.Message) string {
			if odd(m) {
				return "NO not this one"
			}
			return ""
		}}, want: expectation{refused: odd, words: "not this one"}},
	})
}
