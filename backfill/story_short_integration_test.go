//go:build integration

package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/faults"
)

// wholeTree tells that the move has ended and that it knows all six folders of the source.
func wholeTree(r backfill.Report) bool {
	return r.Done && len(r.Accounts[0].Folders) >= 6
}

// lifted waits a while, then ends a fault.
func lifted(end func(w *world)) func(ctx context.Context, w *world) error {
	return func(ctx context.Context, w *world) error {
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-ctx.Done():
		}
		end(w)
		return nil
	}
}

// side is one of both servers, in stories that happen to each of them.
type side struct {
	name string
	of   func(w *world) *faults.Server
	mail func(w *world) *faults.Account
}

func sides() []side {
	return []side{
		{"source", func(w *world) *faults.Server { return w.src }, func(w *world) *faults.Account { return w.joeSrc }},
		{"destination", func(w *world) *faults.Server { return w.dst }, func(w *world) *faults.Account { return w.joeDst }},
	}
}

// quirky gives a story's side its quirks.
func (x side) quirky(s story, q faults.Quirks) story {
	if x.name == "source" {
		s.src = q
	} else {
		s.dst = q
	}
	return s
}

// TestStoriesOfShortFetches: FETCH answers leave messages out and are tagged OK; once, from some moment on, and always.
// Where the server never tells all of a folder, the folder is not copied, or not called copied, and the reason is
// named; as soon as it does, everything arrives.
func TestStoriesOfShortFetches(t *testing.T) {
	var rows []story
	for _, x := range sides() {
		for _, uidplus := range []bool{true, false} {
			q, name := faults.Quirks{}, x.name
			if !uidplus && x.name == "destination" {
				q, name = without("UIDPLUS", "MULTIAPPEND"), name+" without UIDPLUS"
			} else if !uidplus {
				q, name = bare(), name+" of 1996"
			}
			for _, nth := range []int{1, 2, 3, 5, 8, 13, 21} {
				rows = append(rows, x.quirky(story{name: fmt.Sprintf("%s: the FETCH number %d once", name, nth), arm: func(w *world) {
					x.of(w).Script(faults.Rule{On: "UID FETCH", Nth: nth, Short: 3})
				}}, q), x.quirky(story{name: fmt.Sprintf("%s: FETCH from the %d. on", name, nth), arm: func(w *world) {
					x.of(w).Script(faults.Rule{On: "UID FETCH", Nth: nth, Times: 1 << 30, Short: 3})
				}, during: lifted(func(w *world) { x.of(w).Unscript() })}, q))
			}
			some := func(m faults.Message) bool { return m.UID%5 == 3 }
			rows = append(rows, x.quirky(story{name: name + ": some are left out from the start on",
				during: lifted(func(w *world) { x.of(w).Set(func(q *faults.Quirks) { q.Hide = nil }) })}, with(q, func(q *faults.Quirks) { q.Hide = some })),
				x.quirky(story{name: name + ": some are left out when all is copied", during: func(ctx context.Context, w *world) error {
					if err := w.wait(ctx, nil); err != nil {
						return err
					}
					x.of(w).Set(func(q *faults.Quirks) { q.Hide = some })
					w.joeSrc.Add("Work", plain(77, "late")) // somebody has to look
					w.joeSrc.Flag("INBOX", w.joeSrc.Messages("INBOX")[20].UID, `\Seen`, `\Flagged`)
					return lifted(func(w *world) { x.of(w).Set(func(q *faults.Quirks) { q.Hide = nil }) })(ctx, w)
				}, done: settled, live: true}, q))
		}
	}
	for i := range rows {
		rows[i].opt = func(o *backfill.Options) { o.Retry = 300 * time.Millisecond }
	}
	runStories(t, rows)
}

// settled tells that the move has ended and nothing waits in quarantine.
func settled(r backfill.Report) bool { return r.Done && r.Total.Quarantined == 0 }

// TestStoriesOfFoldersNeverTold: a server that always leaves out some messages of a folder, and counts them. That
// folder stops with the reason; the others are moved.
func TestStoriesOfFoldersNeverTold(t *testing.T) {
	var rows []story
	for _, x := range sides() {
		some := func(m faults.Message) bool { return strings.Contains(string(m.Body), "Subject: Deep 7\r\n") }
		q := faults.Quirks{Hide: some}
		rows = append(rows, x.quirky(story{name: x.name, done: func(r backfill.Report) bool {
			if len(r.Accounts) == 0 || len(r.Accounts[0].Folders) < 6 {
				return false
			}
			for _, f := range r.Accounts[0].Folders {
				deep, told := strings.HasSuffix(f.Folder, "Deep"), strings.Contains(f.Note, "listed")
				if deep && !told || !deep && f.State != "copied" && f.State != "destination only" {
					return false
				}
			}
			return true
		}, want: expectation{folders: func(n string) bool { return n != "Work/Deep" }, unproven: true, restless: true}}, q))
	}
	runStories(t, rows)
}

// TestStoriesOfShortTrees: LIST leaves folders out and is tagged OK. A destination that never tells of its Sent gets
// another one: nobody can know better.
func TestStoriesOfShortTrees(t *testing.T) {
	var rows []story
	for _, x := range sides() {
		for _, nth := range []int{1, 2, 3} {
			for _, n := range []int{1, 2, 4} {
				rows = append(rows, story{name: fmt.Sprintf("%s: the LIST number %d once ends after %d", x.name, nth, n), done: wholeTree, arm: func(w *world) {
					x.of(w).Script(faults.Rule{On: "LIST", Nth: nth, Short: n})
				}}, story{name: fmt.Sprintf("%s: LIST ends after %d from the %d. on", x.name, n, nth), done: wholeTree, arm: func(w *world) {
					x.of(w).Script(faults.Rule{On: "LIST", Nth: nth, Times: 1 << 30, Short: n})
				}, during: lifted(func(w *world) { x.of(w).Unscript() }), want: expectation{fold: map[string]string{"Sent Items": "Sent"}}})
			}
		}
		for _, box := range []string{"INBOX", "Work", "Work/Deep", "Sent"} {
			rows = append(rows, story{name: x.name + ": never lists " + box, arm: func(w *world) {
				x.of(w).Set(func(q *faults.Quirks) { q.HideBox = func(n string) bool { return n == box } })
			}, done: func(r backfill.Report) bool { return r.Done }, during: lifted(func(*world) {}),
				want: expectation{folders: func(n string) bool { return x.name == "destination" || n == "INBOX" || n != box },
					unproven: box != "INBOX", fold: map[string]string{"Sent Items": "Sent"}}})
			rows = append(rows, story{name: x.name + ": does not list " + box + " for a while when all is copied", done: wholeTree, live: true, during: func(ctx context.Context, w *world) error {
				if err := w.wait(ctx, wholeTree); err != nil {
					return err
				}
				x.of(w).Set(func(q *faults.Quirks) { q.HideBox = func(n string) bool { return n == box } })
				w.joeSrc.Add("Work", plain(77, "late"))
				w.joeSrc.Remove("Work", w.joeSrc.Messages("Work")[3].UID)
				return lifted(func(w *world) { x.of(w).Set(func(q *faults.Quirks) { q.HideBox = nil }) })(ctx, w)
			}})
		}
	}
	runStories(t, rows)
}

// TestStoryOfFolderOfTheDestination: a folder that only the destination has stays what it is for clients while LIST
// leaves it out: they would delete what they have of it.
func TestStoryOfFolderOfTheDestination(t *testing.T) {
	runStories(t, []story{{name: "not listed for a while", arm: func(w *world) {
		w.joeDst.Add("Own", plain(1, "own"), plain(2, "own"))
	}, during: func(ctx context.Context, w *world) error {
		if err := w.wait(ctx, nil); err != nil {
			return err
		}
		s, err := w.engine.Login(ctx, "joe", "pw")
		if err != nil {
			return err
		}
		defer s.Close()
		before, err := numbers(ctx, s, "Own")
		if err != nil {
			return err
		}
		w.dst.Set(func(q *faults.Quirks) { q.HideBox = func(n string) bool { return n == "Own" } })
		for range 3 {
			if _, err := s.List(ctx); err != nil {
				return err
			}
			time.Sleep(200 * time.Millisecond)
		}
		w.dst.Set(func(q *faults.Quirks) { q.HideBox = nil })
		after, err := numbers(ctx, s, "Own")
		if before != after {
			return errors.Join(err, fmt.Errorf("Own was shown as %s, then as %s", before, after))
		}
		return err
	}}})
}

// numbers tells under which numbers a folder is shown.
func numbers(ctx context.Context, s *backfill.Session, name string) (string, error) {
	m, err := s.Open(ctx, name, true)
	if err != nil {
		return "", err
	}
	defer m.Close()
	return fmt.Sprint(m.Status().UIDValidity, m.Changes(0).UIDs), nil
}

// TestStoriesOfShortSearches: SEARCH leaves messages out. Nothing that is removed, and nothing that is kept, may hang on
// that: a client deletes one message, on a destination where that takes care of other clients' deleted ones.
func TestStoriesOfShortSearches(t *testing.T) {
	var rows []story
	for name, r := range map[string]faults.Rule{
		"always empty": {On: "UID SEARCH", Answer: "OK nothing"},
		"one at most":  {On: "UID SEARCH", Times: 1 << 30, Short: 1},
		"once":         {On: "UID SEARCH", Nth: 1, Short: 1},
	} {
		gone := "<INBOX.30@"
		rows = append(rows, story{name: name, dst: bare(), arm: func(w *world) { w.dst.Script(r) }, during: func(ctx context.Context, w *world) error {
			if err := w.wait(ctx, nil); err != nil {
				return err
			}
			m, done, err := w.open(ctx, "INBOX")
			if err != nil {
				return err
			}
			defer done()
			at := slices.IndexFunc(w.joeSrc.Messages("INBOX"), func(m faults.Message) bool { return strings.Contains(string(m.Body), gone) })
			return m.Expunge(ctx, m.Changes(0).UIDs[at:at+1])
		}, want: expectation{unproven: true, refused: func(m faults.Message) bool { return strings.Contains(string(m.Body), gone) }}})
	}
	runStories(t, rows)
}
