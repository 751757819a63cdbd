package backfill

import (
	"slices"
	"strings"
	"time"
)

// queueSurvey is how long things wait.
type queueSurvey struct {
	opened, others int           // folders with something to copy: opened lately by a client, and all others
	oldestOpened   time.Duration // since the first of the opened ones was opened
	oldestLook     time.Duration // since a source folder was looked at that was not looked at for longest
}

// survey is one look at everything, cheap however much mail there is.
type survey struct {
	now      time.Time
	total    sums
	domains  map[*domain]*domainSums
	accounts map[string]int // by state
	queue    queueSurvey
	admin    Attention
	stages   stageCounts
	// unsettled is how many folders that have not settled wait for what.
	unsettled map[string]int
}

type domainSums struct {
	sums
	accounts, done int
}

// survey looks at all folders. each, if not nil, is told of every account.
func (e *Engine) survey(each func(a *account, s *sums, state string)) *survey {
	v := &survey{now: time.Now(), domains: make(map[*domain]*domainSums), accounts: make(map[string]int), stages: newStageCounts()}
	var seen []seenFolder
	w := e.newWaiters(v.now)
	known := e.known()
	v.admin.Rebuilds = len(e.marked(known))
	for _, a := range known {
		var s sums
		part := a.parted()
		w.account(a, &part)
		seen = a.seen(seen[:0])
		for _, f := range seen {
			g := f.folder.glance(&s, &w)
			v.queue.add(&g, f, e.started, v.now)
		}
		state := a.surveyed(&s)
		d := v.domains[a.domain]
		if d == nil {
			d = &domainSums{}
			v.domains[a.domain] = d
		}
		d.add(&s)
		d.accounts++
		if state == stateCopied {
			d.done++
		}
		v.total.add(&s)
		v.accounts[state]++
		v.admin.noticed(a, &s)
		v.stages.add(part.stage(v.now), &s)
		if each != nil {
			each(a, &s, state)
		}
	}
	v.unsettled = w.total()
	return v
}

// known returns all accounts by name.
func (e *Engine) known() []*account {
	e.mu.Lock()
	accounts := make([]*account, 0, len(e.accounts))
	for _, a := range e.accounts {
		accounts = append(accounts, a)
	}
	e.mu.Unlock()
	slices.SortFunc(accounts, func(a, b *account) int { return strings.Compare(a.name, b.name) })
	return accounts
}

// seenFolder is a folder and what its account's lock guards of it.
type seenFolder struct {
	folder  *folder
	opened  time.Time
	viewers int
}

func (a *account) seen(out []seenFolder) []seenFolder {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.folders {
		out = append(out, seenFolder{f, f.opened, f.viewers})
	}
	return out
}

// surveyed tells how far the account is as a whole.
func (a *account) surveyed(s *sums) string {
	a.mu.Lock()
	tree, problem := !a.treeInfo.at.IsZero() || !a.parting.closed.IsZero(), a.problems.Text != "" || a.rebuild != ""
	a.mu.Unlock()
	if s.folders == 0 {
		s.unknown = 1
	}
	switch done := s.states[folderCopied] + s.states[folderDestOnly]; {
	case problem:
		return stateStopped
	case tree && s.folders > 0 && done == s.folders && a.hidden() != "": // what it is shown is done, which is not all perhaps
		return stateStopped
	case tree && s.folders > 0 && done == s.folders:
		return stateCopied
	case s.listed == 0:
		return stateWaiting
	}
	return stateMoving
}

func (q *queueSurvey) add(g *glance, f seenFolder, started, now time.Time) {
	if g.sourced {
		since := g.checked
		if since.IsZero() {
			since = started
		}
		q.oldestLook = max(q.oldestLook, now.Sub(since))
	}
	if g.left == 0 && g.listed {
		return
	}
	if f.viewers == 0 && now.Sub(f.opened) > time.Hour {
		q.others++
		return
	}
	q.opened++
	q.oldestOpened = max(q.oldestOpened, now.Sub(f.opened))
}
