package backfill

import (
	"slices"
	"strings"
	"testing"
)

// TestLiteral8 climbs the ladder: as it is, then in a literal8 where BINARY is offered, then quarantine.
func TestLiteral8(t *testing.T) {
	for _, c := range []struct {
		binary bool
		copied int
	}{{true, 3}, {false, 2}} {
		b := newBed(t)
		in := b.src.boxes["INBOX"]
		in.put(message(1, "plain"))
		nul := in.put("Message-ID: <2@test>\r\nSubject: nul\r\n\r\na\x00b\r\n")
		in.put(message(3, "plain"))
		b.dst.binary = c.binary
		b.dst.refuse = func(body []byte) error {
			if slices.Contains(body, 0) {
				return b.dst.err("APPEND", "", Item)
			}
			return nil
		}
		b.start(false)
		m := b.open(b.login(), "INBOX")
		b.isRefused(m, 3-c.copied)
		must(t, count(m, func(c Counts) int { return c.Copied }, c.copied))
		if got := b.dst.bodies("INBOX"); c.binary != slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, string(nul.body)) }) {
			t.Errorf("%q", got)
		}
	}
}
