//go:build integration

package backfill_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/faults"
)

// TestStoriesOfRefusals: a command is refused a few times, with every code there is, then taken.
func TestStoriesOfRefusals(t *testing.T) {
	var rows []story
	answers := []string{"NO [THROTTLED] slow down", "NO [LIMIT] enough for now", "NO [UNAVAILABLE] back soon", "NO Server is busy", "NO [INUSE] locked", "NO [SERVERBUG] oops", "BYE going down", "BYE [UNAVAILABLE] shutdown"}
	for _, answer := range answers {
		for _, on := range []string{"APPEND", "LIST", "SELECT", "CREATE", "UID STORE"} {
			rows = append(rows, story{name: fmt.Sprintf("destination: %s to %s", answer, on), dst: faults.Quirks{DropKeywords: true}, arm: func(w *world) {
				w.dst.Script(faults.Rule{On: on, Nth: 1, Times: 2, Answer: answer})
			}})
		}
		for _, on := range []string{"LIST", "EXAMINE", "UID FETCH"} {
			rows = append(rows, story{name: fmt.Sprintf("source: %s to %s", answer, on), arm: func(w *world) {
				w.src.Script(faults.Rule{On: on, Nth: 2, Times: 2, Answer: answer})
			}})
		}
	}
	for _, side := range []string{"source", "destination"} {
		for _, answer := range []string{"NO Server is busy", "BYE too many connections", "BYE [UNAVAILABLE] later"} {
			rows = append(rows, story{name: side + " greets with " + answer, arm: func(w *world) {
				s := w.src
				if side == "destination" {
					s = w.dst
				}
				s.Script(faults.Rule{On: "GREETING", Nth: 1, Times: 2, Answer: answer})
			}})
		}
	}
	rows = append(rows,
		story{name: "destination: full for a while", dst: faults.Quirks{Quota: 60_000}, during: func(ctx context.Context, w *world) error {
			refused := func(r backfill.Report) bool { return len(r.Accounts) > 0 && r.Accounts[0].Problem != "" }
			if err := w.wait(ctx, refused); err != nil { // the account rests, for minutes, until it has space and the admin says so
				return err
			}
			w.dst.Set(func(q *faults.Quirks) { q.Quota = 0 })
			return w.engine.Retry(backfill.Target{})
		}},
		story{name: "destination: throttled for ever", dst: faults.Quirks{Without: []string{"MULTIAPPEND"}, Throttle: faults.Throttle{Appends: 100, Per: time.Second}}, want: expectation{appends: 1000}},
		story{name: "source: at most two connections", src: faults.Quirks{MaxConns: 2}},
		story{name: "destination: at most two connections", dst: faults.Quirks{MaxConns: 2}},
	)
	runStories(t, rows)
}

// TestStoriesOfRefusedMessages: the destination never takes certain messages. All others arrive, these are named.
func TestStoriesOfRefusedMessages(t *testing.T) {
	var rows []story
	is := func(text string) func(faults.Message) bool {
		return func(m faults.Message) bool { return bytes.Contains(m.Body, []byte(text)) }
	}
	for _, answer := range []string{"NO I do not like it", "BAD syntax", "NO [CANNOT] never", "NO [TOOBIG] too big", "NO [NOPERM] not you", "NO [UNKNOWN-CTE] what"} {
		for name, caps := range map[string][]string{"": nil, ", no MULTIAPPEND": {"MULTIAPPEND"}, ", no LITERAL+": {"LITERAL+", "MULTIAPPEND"}} {
			which := is("3\r\nMessage-ID")
			_, words, _ := strings.Cut(answer, " ")
			words = words[strings.LastIndexByte(words, ']')+1:]
			rows = append(rows, story{name: answer + name, dst: faults.Quirks{Without: caps, Refuse: func(m faults.Message) string {
				if which(m) {
					return answer
				}
				return ""
			}}, want: expectation{refused: which, words: strings.TrimSpace(words)}})
		}
	}
	big := func(m faults.Message) bool { return len(m.Body) > 20_000 }
	rows = append(rows,
		story{name: "too big, told before", dst: faults.Quirks{Without: []string{"LITERAL+"}, MaxSize: 20_000}, want: expectation{refused: big, words: "no message may be as large"}},
		story{name: "too big, told behind", dst: faults.Quirks{MaxSize: 20_000}, want: expectation{refused: big, words: "no message may be as large"}},
		story{name: "no dates", dst: faults.Quirks{Dates: faults.DatesRefused}, want: expectation{refused: func(faults.Message) bool { return true }, words: "I set the dates here", appends: 1000}},
		story{name: "nothing at all", dst: faults.Quirks{Refuse: faults.OneIn(1, "NO out of order")}, want: expectation{refused: func(faults.Message) bool { return true }, words: "out of order", appends: 1000}},
	)
	runStories(t, rows)
}

// poison is a message at which the destination breaks off, or which it answers as if all of it were at fault.
func poison(answer string, cut faults.Cut) story {
	is := func(m faults.Message) bool { return bytes.Contains(m.Body, []byte("<Work.7@")) }
	return story{name: "a message that brings the destination to say " + answer, arm: func(w *world) {
		w.dst.Script(faults.Rule{On: "APPEND", Match: func(c faults.Command) bool { return slices.ContainsFunc(c.Messages, is) }, Answer: answer, Cut: cut})
	}, want: expectation{refused: is, appends: 400}}
}

// TestStoriesOfScope: a bad message stops no folder, a bad folder no account, a bad account no host.
func TestStoriesOfScope(t *testing.T) {
	stopped := func(name string) func(backfill.Report) bool {
		return func(r backfill.Report) bool {
			if len(r.Accounts) == 0 {
				return false
			}
			bad, left := false, 0
			for _, f := range r.Accounts[0].Folders {
				if f.Folder == name {
					bad = f.Problem != "" || r.Accounts[0].Problem != ""
				} else {
					left += f.Counts.Listed + f.Counts.Copying
					if f.State == "waiting" {
						left++
					}
				}
			}
			return bad && left == 0 && len(r.Accounts[0].Folders) > 5
		}
	}
	others := func(name string) bool { return name != "Work" }
	rows := []story{
		{name: "source gives a folder to nobody", done: stopped("Work"), want: expectation{folders: others}, arm: func(w *world) {
			w.src.Script(faults.Rule{On: "EXAMINE", Match: func(c faults.Command) bool { return c.Mailbox == "Work" }, Answer: "NO [NOPERM] not for you"})
		}},
		{name: "source breaks off at a folder", done: stopped("Work"), want: expectation{folders: others}, arm: func(w *world) {
			w.src.Script(faults.Rule{On: "EXAMINE", Match: func(c faults.Command) bool { return c.Mailbox == "Work" }, Answer: "NO I cannot"})
		}},
		{name: "destination does not make a folder", done: stopped("Work"), want: expectation{folders: others}, arm: func(w *world) {
			w.dst.Script(faults.Rule{On: "CREATE", Match: func(c faults.Command) bool { return c.Mailbox == "Work" }, Answer: "NO [CANNOT] bad name"})
		}},
		{name: "destination appends nothing to a folder", done: stopped("Work"), want: expectation{folders: others, appends: 1000, restless: true}, arm: func(w *world) {
			w.dst.Script(faults.Rule{On: "APPEND", Match: func(c faults.Command) bool { return c.Mailbox == "Work" }, Answer: "NO [TRYCREATE] where"})
		}},
		{name: "source does not give a message", arm: func(w *world) {
			w.src.Script(faults.Rule{On: "UID FETCH", Match: func(c faults.Command) bool {
				return c.Selected == "Work" && strings.Contains(c.Line, "BODY.PEEK[]") && c.Names(7)
			}, Answer: "NO I cannot read it"})
		}, want: expectation{folders: others}, done: func(r backfill.Report) bool { return r.Done && r.Total.Quarantined == 1 }},
		{name: "source breaks off in a message", src: faults.Quirks{Broken: func(m faults.Message) bool {
			return bytes.Contains(m.Body, []byte("<Work.7@"))
		}}, want: expectation{folders: others, unproven: true}, done: func(r backfill.Report) bool { return r.Done && r.Total.Quarantined == 1 }},
		poison("NO [SERVERBUG] broken", faults.CutNot), poison("NO [LIMIT] too many lines", faults.CutNot), poison("NO [UNAVAILABLE] scanner", faults.CutNot),
		poison("BYE I fall over", faults.CutNot), poison("", faults.CutBefore),
	}
	runStories(t, rows)
}
