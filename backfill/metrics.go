package backfill

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/backfill/metrics"
	"crossfade/store"
)

// Collector gives the engine's metrics. They are read off counts that are kept with every change: a scrape loads no
// folder and asks no server.
func (e *Engine) Collector() prometheus.Collector { return metrics.New(e.snapshot, e.mishaps.count) }

// snapshot is what there is to tell just now.
func (e *Engine) snapshot() metrics.Snapshot {
	held, v := e.isHeld(), e.survey(nil)
	total := v.total.progress(&e.domains.all.rate, held, v.now)
	s := metrics.Snapshot{
		Time: v.now, Held: held, Accounts: map[string]int{stateWaiting: 0, stateMoving: 0, stateCopied: 0, stateStopped: 0}, Folders: v.total.byState(), Messages: v.total.tally.byState(),
		Reappended: v.total.reappended, Ratio: total.Ratio, ETA: total.ETASeconds, Hosts: e.Hosts(),
		Queue:        metrics.Queue{Opened: v.queue.opened, Background: v.queue.others, OldestOpened: v.queue.oldestOpened, OldestLook: v.queue.oldestLook},
		MemoryBudget: e.bodies.Bytes(), MemoryInFlight: e.bodies.InUse(),
	}
	maps.Copy(s.Accounts, v.accounts)
	s.Logins = e.guesses.logins()
	s.KnownBad, s.KnownBadRefused = e.guesses.known.Stats()
	s.AccountStages, s.FolderStages = v.stages.accounts, v.stages.folders
	s.Unsettled, s.SettleStopped = v.unsettled, e.settleStopped.Load()
	s.Rebuilds, s.Asked = v.admin.Rebuilds, e.asked.Load().metrics()
	s.Paused = map[string]int{"all": 0, "account": v.admin.PausedAccounts, "folder": v.admin.PausedFolders}
	if held {
		s.Paused["all"] = 1
	}
	s.Asking = map[string]int{"account": v.admin.AskingAccounts, "folder": v.admin.AskingFolders}
	for c := range classes {
		t := &v.total.tally
		s.Refused = append(s.Refused, metrics.Refused{Class: c.String(), Open: t.refused[c] - t.signed[c], Signed: t.signed[c]})
	}
	for d, sums := range v.domains {
		p := sums.progress(&d.rate, held, v.now)
		s.Domains = append(s.Domains, metrics.Domain{
			Name: d.name, Accounts: sums.accounts, Source: p.Source, Done: p.Done, Ratio: p.Ratio, ETA: p.ETASeconds,
			Copied: d.messages.Load(), CopiedBytes: d.octets.Load(), Matched: d.matched.Load(),
		})
	}
	return s
}

// metrics is the answer as package metrics wants it.
func (a *Asked) metrics() *metrics.Asked {
	if a == nil {
		return nil
	}
	out := &metrics.Asked{At: a.At, Conditions: make(map[string]bool, len(a.Conditions))}
	for _, c := range a.Conditions {
		out.Conditions[c.Name] = c.OK
	}
	return out
}

// byState is how many folders are in which state.
func (s *sums) byState() map[string]int {
	out := make(map[string]int, len(s.states))
	for state, n := range s.states {
		out[folderState(state).String()] = n
	}
	return out
}

// byState is how many messages are in which state, as metrics name it.
func (t *tally) byState() (out []metrics.Messages) {
	for state := store.Listed; state <= store.Above; state++ {
		name := state.String()
		switch state {
		case store.Whiteout:
			name = "deleted"
		case store.Above:
			name = stateDestOnly
		}
		out = append(out, metrics.Messages{State: name, Count: t.states[state], Bytes: t.bytes[state], Unsized: t.unsized[state]})
	}
	return out
}
