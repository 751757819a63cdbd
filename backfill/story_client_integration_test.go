//go:build integration

package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/faults"
	"crossfade/mapping"
)

// TestStoriesOfClientAppends: a client appends while the destination breaks off. What it was told is true: OK, and the
// message is there once; NO, and it is not there, neither now nor later.
func TestStoriesOfClientAppends(t *testing.T) {
	var rows []story
	for name, q := range map[string]faults.Quirks{"UIDPLUS": {}, "no UIDPLUS": without("UIDPLUS", "MULTIAPPEND")} {
		for cut, kind := range map[string]faults.Cut{"before": faults.CutBefore, "after": faults.CutAfter, "in the answer": faults.CutHalf} {
			for _, away := range []bool{false, true} {
				rows = append(rows, clientAppends(fmt.Sprintf("%s, cut %s, away %v", name, cut, away), q, kind, away))
			}
		}
	}
	runStories(t, rows)
}

// clientAppends has a client append three messages; the second one is cut. away: the destination then stays away for a
// while, so that its outcome is not known when the client is answered.
func clientAppends(name string, q faults.Quirks, cut faults.Cut, away bool) story {
	mine := func(c faults.Command) bool {
		return len(c.Messages) == 1 && strings.Contains(string(c.Messages[0].Body), "<mine.1@")
	}
	return story{name: name, dst: q, arm: func(w *world) {
		w.dst.Script(faults.Rule{On: "APPEND", Match: mine, Nth: 1, Cut: cut, Do: func() {
			if away {
				w.dst.Script(faults.Rule{On: "GREETING", Nth: 1, Times: 2, Answer: "BYE not now"})
			}
		}})
	}, during: appendMine, want: expectation{folders: func(n string) bool { return n != "Drafts" }, unproven: true}}
}

func appendMine(ctx context.Context, w *world) error {
	s, err := w.engine.Login(ctx, "joe", "pw")
	if err != nil {
		return err
	}
	defer s.Close()
	told := map[int]error{}
	for i := range 3 {
		body := fmt.Sprintf("Subject: mine\r\nMessage-ID: <mine.%d@story.test>\r\n\r\nI wrote this\r\n", i)
		_, _, told[i] = s.Append(ctx, "Drafts", []backfill.AppendItem{{
			Flags: mapping.NewFlags(`\Seen`, "$Mine"), Date: when(i), Size: int64(len(body)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil },
		}})
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		there := map[int]int{}
		for _, m := range w.joeDst.Messages("Drafts") {
			for i := range 3 {
				if strings.Contains(string(m.Body), fmt.Sprintf("<mine.%d@", i)) {
					there[i]++
				}
			}
		}
		var wrong error
		for i := range 3 {
			if want := map[bool]int{true: 1, false: 0}[told[i] == nil]; there[i] != want {
				wrong = fmt.Errorf("message %d is there %d times, want %d: the client was told %v", i, there[i], want, told[i])
			}
		}
		if wrong == nil || time.Now().After(end) {
			return wrong
		}
	}
}

// TestStoriesOfClientMoves: a client moves copied mail on a destination without MOVE, which breaks off in the middle, and
// the program ends. Each message is in one folder afterwards: the new one if the client was told OK.
func TestStoriesOfClientMoves(t *testing.T) {
	var rows []story
	for name, q := range map[string]faults.Quirks{"UIDPLUS": without("MOVE"), "of 1996": bare()} {
		for _, on := range []string{"UID COPY", "UID STORE", "UID EXPUNGE", "EXPUNGE"} {
			for cut, kind := range map[string]faults.Cut{"before": faults.CutBefore, "after": faults.CutAfter} {
				for _, restart := range []bool{false, true} {
					rows = append(rows, story{
						name: fmt.Sprintf("%s, cut %s %s, restart %v", name, cut, on, restart), dst: q,
						during: func(ctx context.Context, w *world) error { return moveMine(ctx, w, on, kind, restart) },
						want:   expectation{folders: func(n string) bool { return n != "Drafts" && n != "Work" }, unproven: true},
					})
				}
			}
		}
	}
	runStories(t, rows)
}

func moveMine(ctx context.Context, w *world, on string, cut faults.Cut, restart bool) error {
	if err := w.wait(ctx, nil); err != nil {
		return err
	}
	m, done, err := w.open(ctx, "Work")
	if err != nil {
		return err
	}
	defer done()
	w.dst.Script(faults.Rule{On: on, Nth: 1, Cut: cut})
	uids := m.Changes(0).UIDs
	_, told := m.Move(ctx, uids[3:7], "Drafts")
	m.Close()
	if restart {
		if err := errors.Join(w.stop(), w.start()); err != nil {
			return err
		}
		if err := w.login(ctx, "joe"); err != nil {
			return err
		}
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		work, drafts := w.joeDst.Messages("Work"), w.joeDst.Messages("Drafts")
		moved := 4
		if told != nil {
			moved = 0
		}
		var wrong error
		if len(work) != 20-moved || len(drafts) != moved {
			wrong = fmt.Errorf("%d in Work, %d in Drafts; the client was told %v", len(work), len(drafts), told)
		}
		if wrong == nil || time.Now().After(end) {
			return wrong
		}
	}
}

// open has a client open a folder; done closes it and logs out.
func (w *world) open(ctx context.Context, box string) (m *backfill.Mailbox, done func(), err error) {
	s, err := w.engine.Login(ctx, "joe", "pw")
	if err != nil {
		return nil, nil, err
	}
	if m, err = s.Open(ctx, box, false); err != nil {
		s.Close()
		return nil, nil, err
	}
	return m, func() { m.Close(); s.Close() }, nil
}
