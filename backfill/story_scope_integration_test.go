//go:build integration

package backfill_test

import (
	"context"
	"fmt"
	"testing"

	"crossfade/backfill"
	"crossfade/internal/faults"
)

// TestStoriesOfAccounts: a bad account stops no other one on the same hosts.
func TestStoriesOfAccounts(t *testing.T) {
	anns := func(c faults.Command) bool { return c.User == "ann" }
	var rows []story
	for name, arm := range map[string]func(w *world){
		"full": func(w *world) {
			w.dst.Script(faults.Rule{On: "APPEND", Match: anns, Answer: "NO [OVERQUOTA] full"})
		},
		"cut at each APPEND": func(w *world) {
			w.dst.Script(faults.Rule{On: "APPEND", Match: anns, Cut: faults.CutBefore})
		},
		"source lists nothing": func(w *world) {
			w.src.Script(faults.Rule{On: "LIST", Match: anns, Answer: "NO [SERVERBUG] index"})
		},
		"source reads nothing": func(w *world) {
			w.src.Script(faults.Rule{On: "UID FETCH", Match: anns, Cut: faults.CutBefore})
		},
	} {
		rows = append(rows, story{name: name, arm: func(w *world) {
			fill(w.src.Account("ann", "pw"), faults.Quirks{})
			w.dst.Account("ann", "pw")
			arm(w)
		}, during: func(ctx context.Context, w *world) error { return w.login(ctx, "ann") }, done: func(r backfill.Report) bool {
			for _, a := range r.Accounts {
				if a.Account == "joe" {
					return a.Done
				}
			}
			return false
		}, want: expectation{appends: 10_000, restless: true, unproven: true}})
	}
	runStories(t, rows)
}

// TestStoriesOfCutBytes: one cut at the nth byte of a leg, all over the move.
func TestStoriesOfCutBytes(t *testing.T) {
	legs := []struct {
		name  string
		relay func(w *world) *faults.Relay
		leg   faults.Leg
	}{
		{"to the source", func(w *world) *faults.Relay { return w.toSrc }, faults.ToServer},
		{"from the source", func(w *world) *faults.Relay { return w.toSrc }, faults.ToClient},
		{"to the destination", func(w *world) *faults.Relay { return w.toDst }, faults.ToServer},
		{"from the destination", func(w *world) *faults.Relay { return w.toDst }, faults.ToClient},
	}
	passed := make([]int64, len(legs))
	dry := story{name: "without a cut", during: func(ctx context.Context, w *world) error {
		err := w.wait(ctx, nil)
		for i, l := range legs {
			passed[i] = l.relay(w).Passed(l.leg)
		}
		return err
	}}
	if err := dry.tell(t); err != nil {
		t.Fatal(err)
	}
	var rows []story
	for i, l := range legs {
		for k := range int64(cuts()) {
			at := 1 + k*passed[i]/int64(cuts())
			rows = append(rows, story{name: fmt.Sprintf("byte %d of %d %s", at, passed[i], l.name), arm: func(w *world) {
				l.relay(w).CutAt(l.leg, at)
			}, want: expectation{appends: 400}})
		}
	}
	runStories(t, rows)
}
