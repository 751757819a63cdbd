package mapping

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPathKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seg := rapid.SampledFrom([]string{"INBOX", "inbox", "a", "A", "", "\x00", "a\x00a", "\x01", "\x01\x01", "\x01\x02", "\x02"})
		draw := func(label string) Path { return Path(rapid.SliceOfN(seg, 0, 3).Draw(t, label)) }
		p, q := draw("p"), draw("q")
		same := slices.Equal(p, q)
		if len(p) > 0 && len(q) > 0 && strings.EqualFold(p[0], "INBOX") && strings.EqualFold(q[0], "INBOX") {
			same = slices.Equal(p[1:], q[1:])
		}
		if p.Equal(q) != same || (p.Key() == q.Key()) != same {
			t.Fatalf("%q and %q: keys %q and %q", p, q, p.Key(), q.Key())
		}
	})
	if !(Path{"iNbOx"}).IsInbox() || (Path{"INBOX", "a"}).IsInbox() || Path(nil).IsInbox() {
		t.Error("INBOX is not known")
	}
	if s := (Path{"a", "b"}).String(); s != "a / b" {
		t.Errorf("%q", s)
	}
}
