package backfill

import (
	"time"

	"crossfade/backfill/settling"
)

// settlePlan is what package settling says of all folders just now, and which folders it speaks of.
type settlePlan struct {
	*settling.Plan
	folders [][]*folder // by the plan's indexes
	at      map[*folder][2]int
}

// settlePlan looks at all folders that settle or have settled lately. It loads nothing and asks no server.
func (e *Engine) settlePlan(now time.Time) settlePlan {
	var p settlePlan
	var seen []seenFolder
	var accounts []settling.Account
	for _, a := range e.known() {
		if a.rebuilding() {
			continue
		}
		part := a.parted()
		if !part.closed.IsZero() {
			continue
		}
		sa := part.toSettle()
		seen = a.seen(seen[:0])
		sa.Folders = make([]settling.Folder, 0, len(seen))
		folders, rests := make([]*folder, 0, len(seen)), a.rests()
		for _, s := range seen {
			s.folder.mu.RLock()
			sf, ok := s.folder.toSettle(now, rests)
			s.folder.mu.RUnlock()
			if ok {
				sa.Folders, folders = append(sa.Folders, sf), append(folders, s.folder)
			}
		}
		accounts, p.folders = append(accounts, sa), append(p.folders, folders)
	}
	p.Plan = settling.New(e.settlePace(), now, e.settleStopped.Load(), accounts)
	p.at = make(map[*folder][2]int)
	for i := range p.folders {
		for j, f := range p.folders[i] {
			p.at[f] = [2]int{i, j}
		}
	}
	return p
}

// settlePace is how patient settling is; without a word about it, nothing settles by itself.
func (e *Engine) settlePace() settling.Pace {
	if e.opt.Settling == nil {
		return settling.Pace{After: settling.Never}
	}
	return *e.opt.Settling
}

// toSettle is the account as package settling sees it, without its folders.
func (p *parting) toSettle() settling.Account {
	return settling.Account{FirstLogin: p.firstLogin, NoClients: p.noClients, Stopped: p.stopped}
}

// toSettle is the folder as package settling sees it; ok is false if it need not settle, and did not do so lately.
// rests tells whether all of its account is paused. The caller holds mu.
func (f *folder) toSettle(now time.Time, rests bool) (sf settling.Folder, ok bool) {
	sf = settling.Folder{Settled: f.rec.Settled, LastClient: f.rec.LastClient, Bytes: f.bytesOf(), Stopped: f.rec.SettleStopped,
		Ordered: f.rec.SettleOrdered, Now: f.settles, Refused: f.tried.until}
	if !needsSettling(&f.rec) {
		return sf, !f.rec.Settled.IsZero() && now.Sub(f.rec.Settled) < 2*time.Hour
	}
	sf.Settled = time.Time{}
	if !rests && !f.rec.Paused {
		sf.Complete, _ = f.completeSince(now)
	}
	return sf, true
}

// verdict is what becomes of one folder. A folder that the plan does not speak of is through.
func (p settlePlan) verdict(f *folder) settling.Verdict {
	at, ok := p.at[f]
	if !ok {
		return settling.Verdict{Reason: settling.Done}
	}
	return p.Verdict(at[0], at[1])
}
