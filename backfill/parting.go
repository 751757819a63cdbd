package backfill

import (
	"time"

	"crossfade/store"
)

// How far accounts and folders are on their way out of the proxy, as reports and metrics name it.
const (
	stageBlended = "blended" // shown under the source's numbers, or under our own
	stageSettled = "settled" // shown under the destination's
	stageSpliced = "spliced" // its connections are plain pipes to the destination
	stageClosed  = "closed"  // the source is asked no more
)

// stages are all of them.
func stages() []string { return []string{stageBlended, stageSettled, stageSpliced, stageClosed} }

// parting is what an account's record says of its way out of the proxy.
type parting struct {
	firstLogin     time.Time // zero: no client came yet
	noClients      bool      // the admin says that nobody uses IMAP there
	stopped        bool      // nothing of it settles
	settled        time.Time
	spliceAccepted bool
	aliasUses      uint64 // of the source's folder paths
	aliasUsed      time.Time
	closed         time.Time
}

func partingOf(rec store.Account) parting {
	return parting{firstLogin: rec.FirstLogin, noClients: rec.NoClients, stopped: rec.SettleStopped, settled: rec.Settled,
		spliceAccepted: rec.SpliceAccepted, aliasUses: rec.AliasUses, aliasUsed: rec.AliasUsed, closed: rec.Closed}
}

// parted is what is known of the account's way out.
func (a *account) parted() parting {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.parting
	p.settled = a.settled
	if n, at := a.aliasUses(); at != nil {
		p.aliasUses, p.aliasUsed = n, *at
	}
	return p
}

// stage is how far the account is.
func (p parting) stage(now time.Time) string {
	switch {
	case !p.closed.IsZero():
		return stageClosed
	case p.settled.IsZero():
		return stageBlended
	case spliced(store.Account{FirstLogin: p.firstLogin, Settled: p.settled, SpliceAccepted: p.spliceAccepted, AliasUsed: p.aliasUsed}, now):
		return stageSpliced
	}
	return stageSettled
}

// needsSettling tells whether the folder is shown under numbers that are not the destination's.
func needsSettling(rec *store.Folder) bool {
	return rec.Deleted.IsZero() && !rec.Identity.Native && (rec.Identity.UIDValidity != 0 || hasOwnSource(rec))
}

func hasOwnSource(rec *store.Folder) bool {
	for i := range rec.Sources {
		if s := &rec.Sources[i]; !s.Borrowed && !s.Gone {
			return true
		}
	}
	return false
}

// stageCounts is how many accounts and folders are at which stage.
type stageCounts struct{ accounts, folders map[string]int }

func newStageCounts() stageCounts {
	c := stageCounts{make(map[string]int), make(map[string]int)}
	for _, s := range stages() {
		c.accounts[s], c.folders[s] = 0, 0
	}
	return c
}

// add counts an account at a stage. Its folders are no farther than it is, and those that are not its destination's own
// are blended.
func (c stageCounts) add(stage string, s *sums) {
	c.accounts[stage]++
	c.folders[stageBlended] += s.blended
	if stage == stageBlended {
		stage = stageSettled
	}
	c.folders[stage] += s.native
}
