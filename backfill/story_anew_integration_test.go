//go:build integration

package backfill_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/verify"
	"crossfade/internal/faults"
)

// anew is one way in which a folder is numbered anew in the middle of a session.
type anew struct {
	name string
	q    faults.Quirks
	do   func(x side, w *world)
}

// numbering: the server tells at the end of a command, or at its start and goes on with the new numbers at once, or
// says nothing until the folder is opened again because all connections end.
func numbering() []anew {
	both := func(x side, w *world) {
		x.mail(w).Renumber("INBOX")
		x.mail(w).Renumber("Work")
	}
	return []anew{
		{"told behind", faults.Quirks{}, both},
		{"told before", faults.Quirks{EarlyNews: true}, both},
		{"at the next SELECT", faults.Quirks{}, func(x side, w *world) { both(x, w); x.of(w).Cut() }},
		{"by a restart", faults.Quirks{Validity: faults.ValidityNew}, func(x side, w *world) { _ = x.of(w).Restart() }},
	}
}

// TestStoriesOfNewNumbers: the UIDVALIDITY of folders changes in the middle of a move: while they are listed, between
// the groups that are read, between an APPEND and the look for it, when all is copied. The source's are matched again by
// themselves; for the destination's the admin is asked.
func TestStoriesOfNewNumbers(t *testing.T) {
	var rows []story
	for _, x := range sides() {
		for _, a := range numbering() {
			for on, nths := range map[string][]int{
				"EXAMINE": {2, 3}, "UID FETCH": {1, 2, 3, 4, 6, 9}, "APPEND": {1, 2, 3}, "UID STORE": {1, 3}, "NOOP": {1},
			} {
				if x.name == "source" && (on == "APPEND" || on == "UID STORE") {
					continue
				}
				for _, nth := range nths {
					rows = append(rows, renumbering(x, a, fmt.Sprintf("%s number %d", on, nth), func(w *world) {
						x.of(w).Script(faults.Rule{On: on, Nth: nth, Do: func() { a.do(x, w) }})
					}, nil))
				}
			}
			rows = append(rows, renumbering(x, a, "when all is copied", nil, func(ctx context.Context, w *world) error {
				if err := w.wait(ctx, nil); err != nil {
					return err
				}
				a.do(x, w)
				w.joeSrc.Add("Work", plain(77, "late"))
				return nil
			}))
			rows = append(rows, renumbering(x, a, "again and again", nil, func(ctx context.Context, w *world) error {
				for range 4 {
					time.Sleep(100 * time.Millisecond)
					a.do(x, w)
				}
				return nil
			}))
		}
	}
	runStories(t, rows)
}

// renumbering is a story in which numbers mean other messages from some moment on, and the admin has folders of the
// destination compared anew when that is asked for.
func renumbering(x side, a anew, when string, arm func(w *world), then func(ctx context.Context, w *world) error) story {
	s := story{name: x.name + ", " + a.name + ": " + when, arm: arm, live: true, during: func(ctx context.Context, w *world) error {
		if then != nil {
			if err := then(ctx, w); err != nil {
				return err
			}
		}
		err := answer(ctx, w)
		for err == nil && unseen(ctx, w) { // a slow machine has not looked at all folders yet
			err = answer(ctx, w)
		}
		w.src.Unscript() // what has not happened by now does not happen while both sides are compared
		w.dst.Unscript()
		return err
	}, want: expectation{appends: 400}}
	s = x.quirky(s, with(a.q, func(q *faults.Quirks) { q.DropKeywords, q.UIDGap = true, 2 }))
	return s
}

// unseen tells whether a folder was numbered anew and the engine does not know yet, or may have been: a server that was
// met while it started is not asked again for a while.
func unseen(ctx context.Context, w *world) (is bool) {
	err := w.engine.Verify(ctx, "", func(r verify.Report) error {
		is = is || r.Problem != ""
		return nil
	})
	return (is || err != nil) && ctx.Err() == nil
}

// answer has folders that ask for it compared anew, until the move has ended and none asks any more.
func answer(ctx context.Context, w *world) error {
	for calm := 0; calm < 120; {
		asks := ""
		r := w.engine.Status()
		for _, acc := range r.Accounts {
			for _, f := range acc.Folders {
				if strings.Contains(f.Problem, "copy-again") {
					asks = f.Folder
				}
			}
		}
		switch {
		case asks != "":
			calm = 0
			if _, err := w.engine.Accept(ctx, "joe", asks, true); err != nil && ctx.Err() != nil {
				return fmt.Errorf("accept %s: %w", asks, err)
			}
		case r.Done:
			calm++
		default:
			calm = 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the admin is asked for ever: %+v", w.engine.Status().Accounts)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// TestStoriesOfNewNumbersWithClients: a client that reads and flags while numbers change gets the message it asked for,
// or an error; never another one's bytes or flags.
func TestStoriesOfNewNumbersWithClients(t *testing.T) {
	var rows []story
	for _, x := range sides() {
		for _, a := range numbering() {
			rows = append(rows, renumbering(x, a, "a client reads", nil, func(ctx context.Context, w *world) error {
				if err := w.wait(ctx, nil); err != nil {
					return err
				}
				return reads(ctx, w, func() { a.do(x, w) })
			}))
		}
	}
	runStories(t, rows)
}

// reads has a client read every message of INBOX again and again while something happens in the middle.
func reads(ctx context.Context, w *world, happens func()) error {
	m, done, err := w.open(ctx, "INBOX")
	if err != nil {
		return err
	}
	defer done()
	uids := m.Changes(0).UIDs
	first := map[uint32]string{}
	for round := range 6 {
		if round == 2 {
			happens()
		}
		for _, uid := range uids {
			body, err := readOne(ctx, m, uid)
			switch {
			case err != nil || body == "": // told so, or gone
			case first[uid] == "":
				first[uid] = body
			case first[uid] != body:
				return fmt.Errorf("round %d: message %d was %.80q and is %.80q", round, uid, first[uid], body)
			}
		}
	}
	return nil
}

// readOne reads a message as a client does.
func readOne(ctx context.Context, m *backfill.Mailbox, uid uint32) (string, error) {
	var body string
	err := m.Fetch(ctx, []uint32{uid}, []string{"BODY.PEEK[]"}, func(it *backfill.RawItem) error {
		for {
			att, err := it.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			body = string(att.Value)
			if att.Literal != nil {
				b, err := io.ReadAll(att.Literal)
				if err != nil {
					return err
				}
				body = string(b)
			}
		}
	})
	return body, err
}
