//go:build integration

package backfill_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/faults"
)

// cuts is how many cuts a story of random cuts makes: 12, or CROSSFADE_TEST_CUTS, up to what so small a mailbox bears.
func cuts() int {
	if n, err := strconv.Atoi(os.Getenv("CROSSFADE_TEST_CUTS")); err == nil && n > 0 {
		return min(n, 60)
	}
	return 12
}

// TestStoriesOfRandomCuts: connections end anywhere, again and again, on one leg or both.
func TestStoriesOfRandomCuts(t *testing.T) {
	var rows []story
	for _, c := range []struct {
		name string
		dst  faults.Quirks
		want expectation
	}{
		{name: "good"},
		{name: "no MULTIAPPEND", dst: without("MULTIAPPEND")},
		{name: "no UIDPLUS", dst: without("UIDPLUS")},
		{name: "of 1996", dst: bare()},
		{name: "all UIDVALIDITY 1", dst: with(without("UIDPLUS", "MULTIAPPEND"), func(q *faults.Quirks) { q.Validity = faults.ValidityOne })},
		{name: "rewriting", dst: with(without("UIDPLUS"), func(q *faults.Quirks) { q.Rewrite = faults.Both }), want: altered(faults.Both)},
		{name: "rewriting, UIDPLUS", dst: faults.Quirks{Rewrite: faults.AddHeader}, want: altered(faults.AddHeader)},
		{name: "unasked data", dst: faults.Quirks{Chatty: true, UIDGap: 3}},
	} {
		want := c.want
		want.appends = 150 * (cuts() + 2)
		rows = append(rows,
			story{name: c.name + ", destination's leg", dst: c.dst, want: want, arm: func(w *world) { w.toDst.CutRandomly(1, 5000, cuts()) }},
			story{name: c.name + ", both legs", dst: c.dst, want: want, arm: func(w *world) {
				w.toDst.CutRandomly(2, 20_000, cuts()/2)
				w.toSrc.CutRandomly(3, 20_000, cuts()/2)
			}})
	}
	rows = append(rows, story{name: "source's leg", arm: func(w *world) { w.toSrc.CutRandomly(4, 10_000, cuts()) }, want: expectation{appends: 150 * cuts()}})
	for i := range rows { // what was cut off too often is tried again, and arrives at last
		rows[i].time = storyTime + time.Duration(cuts())*2*time.Second
		rows[i].opt = func(o *backfill.Options) { o.Retry = 300 * time.Millisecond }
		rows[i].done = func(r backfill.Report) bool { return r.Done && r.Total.Quarantined == 0 }
	}
	runStories(t, rows)
}

// TestStoriesOfCutCommands: each command of the move is cut at its start, its end and in its answer, on both sides.
func TestStoriesOfCutCommands(t *testing.T) {
	var rows []story
	kinds := []struct {
		name string
		cut  faults.Cut
	}{{"before", faults.CutBefore}, {"after", faults.CutAfter}, {"in the answer of", faults.CutHalf}}
	for _, k := range kinds {
		for _, on := range []string{"GREETING", "LOGIN", "LIST", "CREATE", "SELECT", "EXAMINE", "APPEND", "UID FETCH", "UID STORE", "NOOP"} {
			for _, plus := range []bool{true, false} {
				q, name := faults.Quirks{DropKeywords: true}, "with UIDPLUS"
				if !plus {
					q.Without, name = []string{"UIDPLUS", "MULTIAPPEND"}, "without"
				}
				rows = append(rows, story{name: fmt.Sprintf("destination: %s %s, %s", k.name, on, name), dst: q, arm: func(w *world) {
					w.dst.Script(faults.Rule{On: on, Nth: 2, Times: 2, Cut: k.cut})
				}})
			}
		}
		for _, on := range []string{"GREETING", "LOGIN", "LIST", "EXAMINE", "UID FETCH"} {
			rows = append(rows, story{name: fmt.Sprintf("source: %s %s", k.name, on), arm: func(w *world) {
				w.src.Script(faults.Rule{On: on, Nth: 2, Times: 2, Cut: k.cut})
			}})
		}
	}
	runStories(t, rows)
}

// TestStoriesOfSilence: a side loses its way, or is away, for a while.
func TestStoriesOfSilence(t *testing.T) {
	pause := func(ctx context.Context, what func(bool)) error {
		what(true)
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
		what(false)
		return nil
	}
	rows := []story{
		{name: "source frozen", during: func(ctx context.Context, w *world) error { return pause(ctx, w.toSrc.Freeze) }},
		{name: "destination frozen", during: func(ctx context.Context, w *world) error { return pause(ctx, w.toDst.Freeze) }},
		{name: "source down", during: func(ctx context.Context, w *world) error { return pause(ctx, w.toSrc.Down) }},
		{name: "destination down", during: func(ctx context.Context, w *world) error { return pause(ctx, w.toDst.Down) }},
		{name: "source restarted", during: func(context.Context, *world) error { return nil }, arm: func(w *world) {
			w.src.Script(faults.Rule{On: "UID FETCH", Nth: 3, Do: func() { _ = w.src.Restart() }})
		}},
		{name: "destination restarted", arm: func(w *world) {
			w.dst.Script(faults.Rule{On: "APPEND", Nth: 2, Do: func() { _ = w.dst.Restart() }})
		}},
		{name: "slow legs", arm: func(w *world) {
			w.toSrc.Delay(faults.ToServer, 5*time.Millisecond)
			w.toSrc.Delay(faults.ToClient, 5*time.Millisecond)
			w.toDst.Delay(faults.ToServer, 5*time.Millisecond)
		}},
		{name: "slow servers", src: faults.Quirks{Delay: 3 * time.Millisecond}, dst: faults.Quirks{Delay: 3 * time.Millisecond}},
	}
	runStories(t, rows)
}
