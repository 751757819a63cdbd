package imap_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

// TestVanishedTrouble: whatever becomes of the question what vanished, what changed is listed; and what is told is told in
// ranges, never one by one.
func TestVanishedTrouble(t *testing.T) {
	var sparse strings.Builder
	for n := 1; sparse.Len() < 3<<20; n += 2 {
		fmt.Fprintf(&sparse, ",%d", n)
	}
	for name, c := range map[string]struct {
		enabled, answer string
		told            int // ranges
	}{
		"told":          {"* ENABLED QRESYNC\r\n", "* VANISHED (EARLIER) 1:4,7\r\n", 2},
		"all there are": {"* ENABLED QRESYNC\r\n", "* VANISHED (EARLIER) 1:4294967295\r\n", 1},
		"not enabled":   {"", "* VANISHED (EARLIER) 1:4\r\n", -1},
		"refused":       {"* ENABLED QRESYNC\r\n", "TAG BAD what is VANISHED?\r\n", 0},
		"too long":      {"* ENABLED QRESYNC\r\n", "* VANISHED (EARLIER) " + sparse.String()[1:] + "\r\n", 0},
		"nonsense":      {"* ENABLED QRESYNC\r\n", "* VANISHED (EARLIER) 1:4,x\r\n", 1},
		"nothing":       {"* ENABLED QRESYNC\r\n", "* VANISHED\r\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(cmd string) (string, bool) {
				switch {
				case cmd == "CAPABILITY":
					return "* CAPABILITY IMAP4rev1 CONDSTORE QRESYNC ENABLE\r\nTAG OK done\r\n", true
				case cmd == "ENABLE QRESYNC":
					return c.enabled + "TAG OK done\r\n", true
				case strings.HasSuffix(cmd, "(CHANGEDSINCE 3 VANISHED)"):
					return c.answer + "* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (4))\r\nTAG OK done\r\n", true
				case strings.HasSuffix(cmd, "(CHANGEDSINCE 3)"):
					return "* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (4))\r\nTAG OK done\r\n", true
				}
				return "", false
			}}
			w := loginFake(t, f)
			for range 2 { // a connection that goes on
				told, listed := 0, 0
				what := backfill.Scan{UIDValidity: 7, Flags: true, ChangedSince: 3, Vanished: func(from, to uint32) { told++ }}
				st, err := w.Scan(t.Context(), "INBOX", what, func(backfill.Entry) error { listed++; return nil })
				if err != nil || listed != 1 || st.Exists != 1 {
					t.Fatalf("%d listed, %+v %v", listed, st, err)
				}
				if told != max(c.told, 0) {
					t.Errorf("%d ranges are told, not %d", told, c.told)
				}
			}
			if c.told < 0 && slices.ContainsFunc(f.sent(), func(s string) bool { return strings.Contains(s, "VANISHED") }) {
				t.Error("it is asked what vanished, and was not enabled to tell")
			}
		})
	}
}

func (f *fake) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.cmds)
}

// TestGlanceCommands: how a server is asked, and that a refusal leads to the other way and stays with its mailbox.
func TestGlanceCommands(t *testing.T) {
	for name, c := range map[string]struct {
		q          faults.Quirks
		rule       faults.Rule
		list, each int // commands for two glances at six mailboxes
		told       int
	}{
		"LIST-STATUS":             {list: 2, told: 6},
		"STATUS":                  {q: faults.Quirks{Without: []string{"LIST-STATUS"}}, each: 12, told: 6},
		"refused":                 {rule: faults.Rule{On: "LIST", Answer: "BAD what is STATUS?"}, list: 1, each: 12, told: 6},
		"one refused":             {q: faults.Quirks{Without: []string{"LIST-STATUS"}}, rule: faults.Rule{On: "STATUS", Match: func(c faults.Command) bool { return c.Mailbox == "B3" }, Answer: "NO not this"}, each: 12, told: 5},
		"names that are no ASCII": {q: faults.Quirks{Without: []string{"LIST-STATUS", "LITERAL+"}, Prefix: ""}, each: 12, told: 6},
	} {
		t.Run(name, func(t *testing.T) {
			s := faults.Start(t, c.q)
			joe := s.Account("joe", "pw")
			var boxes []string
			for i := range 6 {
				b := fmt.Sprintf("B%d", i)
				if strings.HasPrefix(name, "names") {
					b += "\xfc"
				}
				boxes = append(boxes, b)
				joe.Add(b, faults.Message{Body: []byte("a: b\r\n\r\nc\r\n")})
			}
			g := glancer(t, s)
			if c.rule.On != "" {
				s.Script(c.rule)
			}
			lists, each := s.Count("LIST"), s.Count("STATUS")
			for range 2 {
				told, err := g.Glance(t.Context(), boxes)
				if err != nil || len(told) != c.told {
					t.Fatalf("%+v %v", told, err)
				}
			}
			if lists, each = s.Count("LIST")-lists, s.Count("STATUS")-each; lists != c.list || each != c.each {
				t.Errorf("%d LIST and %d STATUS", lists, each)
			}
		})
	}
}

func glancer(t *testing.T, s *faults.Server) backfill.Glancer {
	t.Helper()
	d, err := imap.New(imap.Options{URL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m.(backfill.Glancer)
}

// TestGlanceThrottled: a server that has enough says so to the pace, not to a mailbox.
func TestGlanceThrottled(t *testing.T) {
	s := faults.Start(t, faults.Quirks{Without: []string{"LIST-STATUS"}})
	s.Account("joe", "pw")
	g := glancer(t, s)
	s.Script(faults.Rule{On: "STATUS", Nth: 2, Times: 99, Answer: "NO [THROTTLED] slowly"})
	var e *backfill.Error
	if _, err := g.Glance(t.Context(), []string{"INBOX", "a", "b", "c"}); !errors.As(err, &e) || e.Scope != backfill.HostScope {
		t.Error(err)
	}
}

// TestGlanceAtCourier: its STATUS is not believed.
func TestGlanceAtCourier(t *testing.T) {
	s := faults.Start(t, faults.Quirks{Greeting: "* OK [CAPABILITY IMAP4rev1 UIDPLUS] Courier-IMAP ready."})
	s.Account("joe", "pw")
	if _, err := glancer(t, s).Glance(t.Context(), []string{"INBOX"}); !errors.Is(err, backfill.ErrNotOffered) {
		t.Error(err)
	}
}
