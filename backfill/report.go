package backfill

import (
	"cmp"
	"context"
	"slices"
	"time"

	"crossfade/backfill/pace"
	"crossfade/store"
)

// Report is how far the move is.
type Report struct {
	Held     bool         `json:"held"`              // everything is paused
	Done     bool         `json:"done"`              // every known account is copied, refused messages aside
	Problem  string       `json:"problem,omitempty"` // what stops all accounts: the disk of the state is full
	Progress Progress     `json:"progress"`
	Total    Counts       `json:"total"`
	Refused  []ClassCount `json:"quarantine,omitempty"` // by class
	Hosts    []pace.Stats `json:"hosts"`
	// Logins are the servers on which logins fail: everybody's address is shut out there if too many do.
	Logins []LoginReport `json:"logins,omitempty"`
	// SettleStopped: no folder settles, by an admin's command.
	SettleStopped bool            `json:"settle_stopped,omitempty"`
	Domains       []DomainReport  `json:"domains"`
	Accounts      []AccountReport `json:"accounts"`
}

// DomainReport is how far the accounts of one mail domain are. Beyond the first fifty, domains are taken together
// as "other"; "none" are the accounts whose names have no domain.
type DomainReport struct {
	Domain   string   `json:"domain"`
	Accounts int      `json:"accounts"`
	Done     int      `json:"accounts_done"`
	Progress Progress `json:"progress"`
	Counts   Counts   `json:"counts"`
}

// AccountReport is how far one account is.
type AccountReport struct {
	Account string `json:"account"`
	Done    bool   `json:"done"`
	Completion
	Counts  Counts     `json:"counts"`
	Problem string     `json:"problem,omitempty"`
	Since   *time.Time `json:"problem_since,omitempty"`
	// Paused and Priority are what an admin said. Waits is what keeps the account from copying just now.
	Paused     bool       `json:"paused,omitempty"`
	Priority   int        `json:"priority,omitempty"`
	Waits      string     `json:"waits,omitempty"`
	WaitsUntil *time.Time `json:"waits_until,omitempty"`
	// Sessions are the clients that are logged in; Spliced of them talk to the destination through a plain pipe.
	Sessions int `json:"sessions"`
	Spliced  int `json:"spliced_sessions"`
	// AliasUses is how often clients have used the source's old folder names, and AliasUsed when last.
	AliasUses uint64     `json:"alias_uses,omitempty"`
	AliasUsed *time.Time `json:"alias_used,omitempty"`
	// Doubt is why deletes on the source are not carried over just now: too much vanished there at once.
	Doubt string `json:"doubt,omitempty"`
	// Hidden is why it is doubted that the source shows the whole mailbox; the account is not done before that is mended, or
	// the admin says that nothing is hidden.
	Hidden  string        `json:"hidden,omitempty"`
	Parting Parting       `json:"parting"`
	Folders []FolderState `json:"folders"`
}

// FolderState is how far one folder is. State is one of "waiting" (not looked at yet), "copying", "copied",
// "destination only" and "stopped" (Problem tells why).
type FolderState struct {
	Folder  string   `json:"folder"` // decoded, for people
	Sources []string `json:"sources,omitempty"`
	State   string   `json:"state"`
	Completion
	Counts  Counts `json:"counts"`
	Problem string `json:"problem,omitempty"`
	Note    string `json:"note,omitempty"` // what the admin should know although the folder goes on
	Opened  bool   `json:"opened"`         // a client has it selected
	// Stage is "blended" or, if it is shown under the destination's own numbers, "settled".
	Stage   string     `json:"stage"`
	Settled *time.Time `json:"settled,omitempty"` // when it did; null if it was the destination's own from the start
	// Paused and Priority are what an admin said of this folder alone.
	Paused   bool `json:"paused,omitempty"`
	Priority int  `json:"priority,omitempty"`
	// PausedFor: the destination would delete what is copied there, by this rule of its own.
	PausedFor string `json:"paused_for,omitempty"`
}

// Status reports from the state; no server is asked, and no folder is loaded.
func (e *Engine) Status() Report {
	held, hosts := e.isHeld(), e.hostWaits()
	r := Report{Held: held, Done: true, Hosts: e.Hosts(), Logins: e.guesses.report(), SettleStopped: e.settleStopped.Load()}
	now := time.Now()
	plan := e.settlePlan(now)
	if err := e.room(); err != nil {
		r.Problem = "nothing is copied: " + err.Error()
	}
	v := e.survey(func(a *account, s *sums, _ string) {
		ar := a.report(s)
		ar.Parting = a.partingReport(s, plan, now)
		if !ar.Done {
			ar.waits(a, hosts)
		}
		r.Done = r.Done && ar.Done
		r.Accounts = append(r.Accounts, ar)
	})
	r.Done = r.Done && len(r.Accounts) > 0
	r.Refused = v.total.tally.byClass()
	r.Total, r.Progress = v.total.tally.counts(), v.total.progress(&e.domains.all.rate, held, v.now)
	r.Domains = v.domainReports(held)
	return r
}

// domainReports are the domains by name, those without a name of their own last.
func (v *survey) domainReports(held bool) []DomainReport {
	var out []DomainReport
	for d, s := range v.domains {
		out = append(out, DomainReport{Domain: d.name, Accounts: s.accounts, Done: s.done,
			Progress: s.progress(&d.rate, held, v.now), Counts: s.tally.counts()})
	}
	last := func(name string) int {
		if name == noDomain || name == otherDomain {
			return 1
		}
		return 0
	}
	slices.SortFunc(out, func(a, b DomainReport) int {
		return cmp.Or(cmp.Compare(last(a.Domain), last(b.Domain)), cmp.Compare(a.Domain, b.Domain))
	})
	return out
}

// report is the account in detail; s has been summed up from its folders.
func (a *account) report(s *sums) AccountReport {
	a.mu.Lock()
	r := AccountReport{Account: a.name, Completion: s.completion(), Counts: s.tally.counts(), Problem: a.problems.Text, Paused: a.paused, Priority: a.priority,
		Sessions: a.sessions, Spliced: a.piped}
	if since := a.problems.Since; r.Problem != "" {
		r.Since = &since
	}
	r.AliasUses, r.AliasUsed = a.aliasUses()
	listed := !a.treeInfo.at.IsZero() || !a.parting.closed.IsZero()
	if a.rebuild != "" {
		r.Problem, listed = "its clients are refused until 'crossfade rebuild' says what becomes of it: "+a.rebuild, false
	}
	a.mu.Unlock()
	folders := a.all()
	// Done is said with the counts: those were taken before, when a folder that is copied by now may still have been
	// at work.
	counted := s.states[folderCopied]+s.states[folderDestOnly] == s.folders
	r.Done, r.Doubt = listed && counted && len(folders) > 0, a.doubtful()
	r.Hidden = a.hidden()
	r.Done = r.Done && r.Hidden == ""
	for _, f := range folders {
		fs := f.report()
		r.Done = r.Done && (fs.State == stateCopied || fs.State == stateDestOnly)
		r.Folders = append(r.Folders, fs)
	}
	return r
}

func (f *folder) report() FolderState {
	f.acct.mu.Lock()
	opened := f.viewers > 0
	f.acct.mu.Unlock()
	s := sums{}
	g, rec := f.glance(&s, nil), f.record()
	r := FolderState{Folder: rec.Path.String(), State: g.state.String(), Completion: s.completion(), Counts: s.tally.counts(),
		Problem: f.problem().Text, Note: f.note(), Opened: opened, Paused: rec.Paused, PausedFor: rec.PausedFor, Priority: rec.Priority, Stage: stageSettled, Settled: timeOf(rec.Settled)}
	if needsSettling(&rec) {
		r.Stage = stageBlended
	}
	for _, i := range ownSources(rec) {
		r.Sources = append(r.Sources, rec.Sources[i].Name)
	}
	return r
}

// countOnce loads a folder whose counts are not known: an earlier version of this program kept none.
func (f *folder) countOnce() {
	f.mu.RLock()
	known := f.tallied
	f.mu.RUnlock()
	if !known && f.use() == nil {
		f.done()
	}
}

// countUnknown counts the folders of a state that an earlier version of this program wrote, and keeps what it
// found, while the work goes on.
func (e *Engine) countUnknown(ctx context.Context) {
	for _, a := range e.known() {
		for _, f := range a.all() {
			f.mu.RLock()
			known := f.tallied
			f.mu.RUnlock()
			if known || ctx.Err() != nil {
				continue
			}
			if err := f.keepCount(); err != nil && ctx.Err() == nil {
				a.log.Warn("a folder cannot be counted", "folder", f.record().Name, "err", err)
			}
		}
	}
}

// keepCount counts the folder's links and stores the sum with the record.
func (f *folder) keepCount() error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.edit(func(e *edit) error { e.record(); return nil })
}

// untouched tells whether a record is of a folder that was never looked at, so that it has no links.
func untouched(r store.Folder) bool {
	for i := range r.Sources {
		if r.Sources[i].Listed() || r.Sources[i].Borrowed {
			return false
		}
	}
	return r.DestUIDValidity == 0
}

// quarantined reads why messages of the folder were set aside.
func (f *folder) quarantined() ([]store.Quarantine, error) {
	var out []store.Quarantine
	err := f.acct.e.store.View(func(rx *store.Rx) (err error) {
		out, err = rx.Quarantine(f.record().Account, f.id)
		return err
	})
	return out, err
}
