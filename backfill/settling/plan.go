package settling

import (
	"slices"
	"time"
)

// window is the time for which numbers of folders, accounts and bytes are bounded.
const window = time.Hour

// Plan is one look at all accounts: what settled within the last hour, and what may go next.
type Plan struct {
	pace     Pace
	now      time.Time
	stopped  bool
	accounts []Account

	spent []spent       // within the last hour, the earliest first
	begun []begun       // accounts of which something did, the one that may be forgotten first first
	last  map[int]begun // the same by account
	busy  map[int]bool  // accounts one folder of which is under way
}

// spent is one folder that settled lately.
type spent struct {
	at    time.Time
	bytes int64
}

// begun is an account of which a folder settled lately, the last one at this time.
type begun struct {
	account int
	at      time.Time
}

// New makes a plan. stopped: nothing settles, by an admin's command.
func New(pace Pace, now time.Time, stopped bool, accounts []Account) *Plan {
	p := emptyPlan(pace, now, stopped)
	p.accounts = accounts
	for i := range accounts {
		for j := range accounts[i].Folders {
			p.note(i, &accounts[i].Folders[j])
		}
	}
	p.order()
	return &p
}

func emptyPlan(pace Pace, now time.Time, stopped bool) Plan {
	return Plan{pace: pace, now: now, stopped: stopped, last: make(map[int]begun), busy: make(map[int]bool)}
}

// note notes what the hour's bounds need to know of an account's folder.
func (p *Plan) note(account int, f *Folder) {
	at := notAfter(f.Settled, p.now)
	if f.Now {
		at, p.busy[account] = p.now, true
	}
	if at.IsZero() || !at.Add(window).After(p.now) {
		return
	}
	p.spent = append(p.spent, spent{at, f.Bytes})
	if b, ok := p.last[account]; !ok || at.After(b.at) {
		p.last[account] = begun{account, at}
	}
}

// order sorts what was noted, when all is.
func (p *Plan) order() {
	for _, b := range p.last {
		p.begun = append(p.begun, b)
	}
	slices.SortFunc(p.spent, func(a, b spent) int { return a.at.Compare(b.at) })
	slices.SortFunc(p.begun, func(a, b begun) int { return a.at.Compare(b.at) })
}

// Verdict tells whether a folder may settle now, and if not why. Both are indexes into what New was given.
func (p *Plan) Verdict(account, folder int) Verdict {
	a := &p.accounts[account]
	f := &a.Folders[folder]
	if f.Now {
		return Verdict{Reason: May}
	}
	v := p.pace.patient(p.now, p.stopped, a, f)
	if v.Reason == May && !f.Ordered {
		if until := p.paced(account, f.Bytes); until.After(p.now) {
			return Verdict{Paced, until}
		}
	}
	return v
}

// paced is when the hour's bounds let a folder of this account go.
func (p *Plan) paced(account int, bytes int64) time.Time {
	var until time.Time
	later := func(t time.Time) {
		if t = t.Add(window); t.After(until) {
			until = t
		}
	}
	if n := p.pace.Folders; n > 0 && len(p.spent) >= n {
		later(p.spent[len(p.spent)-n].at)
	}
	if n := p.pace.Accounts; n > 0 && len(p.begun) >= n {
		if _, ok := p.last[account]; !ok {
			later(p.begun[len(p.begun)-n].at)
		}
	}
	if most := p.pace.Bytes; most > 0 { // one that is larger than all of an hour goes when nothing else did
		sum := bytes
		for i := len(p.spent) - 1; i >= 0; i-- {
			if sum += max(p.spent[i].bytes, 0); sum > most {
				later(p.spent[i].at)
				break
			}
		}
	}
	return until
}

// Next is the folder to settle now. Those that an admin ordered go first, then those of accounts that have begun, so that
// an account's devices are through with it soon, then those that have been complete for longest. Accounts one folder of
// which is under way are left out.
func (p *Plan) Next() (account, folder int, ok bool) {
	for i := range p.accounts {
		if p.busy[i] {
			continue
		}
		for j := range p.accounts[i].Folders {
			if p.Verdict(i, j).Reason == May && (!ok || p.before(i, j, account, folder)) {
				account, folder, ok = i, j, true
			}
		}
	}
	return account, folder, ok
}

// before is the order of folders that may settle.
func (p *Plan) before(i, j, k, l int) bool {
	f, g := &p.accounts[i].Folders[j], &p.accounts[k].Folders[l]
	if f.Ordered != g.Ordered {
		return f.Ordered
	}
	_, x := p.last[i]
	_, y := p.last[k]
	if x != y {
		return x
	}
	return f.Complete.Before(g.Complete)
}

// Again is when a folder may be ready that is not now, if nothing else happens than that time goes by; zero: never.
func (p *Plan) Again() (at time.Time) {
	for i := range p.accounts {
		for j := range p.accounts[i].Folders {
			if v := p.Verdict(i, j); !v.Until.IsZero() && (at.IsZero() || v.Until.Before(at)) {
				at = v.Until
			}
		}
	}
	return at
}
