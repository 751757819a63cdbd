package backfill

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crossfade/backfill/settling"
)

// Parting is how far an account is on its way out of the proxy.
type Parting struct {
	// Stage is "blended" (not all folders have settled), "settled" (all have), "spliced" (connections are plain pipes to the
	// destination) or "closed" (and the source is asked no more).
	Stage string `json:"stage"`
	// Native are the folders that are shown under the destination's numbers, Unsettled those that are not by what they wait
	// for, in words of package settling's.
	Native    int            `json:"folders_settled"`
	Unsettled map[string]int `json:"folders_unsettled,omitempty"`
	Settled   *time.Time     `json:"settled,omitempty"`
	Closed    *time.Time     `json:"closed,omitempty"`
	// AliasUses counts the uses of the source's folder paths, AliasUsed is the last one's time.
	AliasUses uint64     `json:"alias_uses,omitempty"`
	AliasUsed *time.Time `json:"alias_used,omitempty"`
	// What an admin said.
	SpliceAccepted bool `json:"splice_accepted,omitempty"`
	NoClients      bool `json:"no_clients,omitempty"`
	SettleStopped  bool `json:"settle_stopped,omitempty"`
}

// partingReport tells how far the account is; s has been summed up from its folders.
func (a *account) partingReport(s *sums, p settlePlan, now time.Time) Parting {
	part := a.parted()
	r := Parting{Stage: part.stage(now), Native: s.native, AliasUses: part.aliasUses, SpliceAccepted: part.spliceAccepted,
		NoClients: part.noClients, SettleStopped: part.stopped, Settled: timeOf(part.settled), Closed: timeOf(part.closed), AliasUsed: timeOf(part.aliasUsed)}
	if s.blended == 0 {
		return r
	}
	r.Unsettled = make(map[string]int)
	for _, f := range a.all() {
		if v := p.verdict(f); v.Reason != settling.Done {
			r.Unsettled[string(v.Reason)]++
		}
	}
	return r
}

// waits says what folders that have not settled wait for.
func (p Parting) waits() string {
	var out []string
	for _, reason := range slices.Sorted(maps.Keys(p.Unsettled)) {
		out = append(out, fmt.Sprintf("%d %s", p.Unsettled[reason], strings.ReplaceAll(reason, "_", " ")))
	}
	return strings.Join(out, ", ")
}

// timeOf is a time that is left out if there is none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// waiters counts the folders that have not settled by what they wait for. It is shown all folders by a survey, so that a
// scrape looks at each of them once.
type waiters struct {
	count *settling.Counter
	now   time.Time
	on    bool // the account is one whose folders settle
	rests bool
}

func (e *Engine) newWaiters(now time.Time) waiters {
	return waiters{count: settling.NewCounter(e.settlePace(), now, e.settleStopped.Load()), now: now}
}

// account goes on to the next account.
func (w *waiters) account(a *account, part *parting) {
	if w.on = part.closed.IsZero() && !a.rebuilding(); w.on {
		w.rests = a.rests()
		w.count.Account(part.toSettle())
	}
}

// folder counts a folder of the account; the caller holds its mu. Nil counts nothing.
func (w *waiters) folder(f *folder) {
	if w == nil || !w.on {
		return
	}
	if sf, ok := f.toSettle(w.now, w.rests); ok {
		w.count.Folder(&sf)
	}
}

// total is how many folders wait for what.
func (w *waiters) total() map[string]int {
	out := make(map[string]int)
	for reason, n := range w.count.Count() {
		out[string(reason)] = n
	}
	return out
}
