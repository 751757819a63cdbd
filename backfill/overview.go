package backfill

import (
	"cmp"
	"slices"
	"time"

	"crossfade/backfill/pace"
)

// Overview is how far the move is in few words: bounded however many accounts there are.
type Overview struct {
	Held     bool           `json:"held"`
	Done     bool           `json:"done"`
	Progress Progress       `json:"progress"`
	Counts   Counts         `json:"counts"`
	Domains  []DomainReport `json:"domains"`
	Hosts    []pace.Stats   `json:"hosts"`
	Accounts map[string]int `json:"accounts"` // how many are waiting, moving, copied, stopped
	Folders  map[string]int `json:"folders"`  // how many are waiting, copying, copied, destination only, stopped
	Refused  map[string]int `json:"refused"`  // messages in quarantine that nobody signed off, by class
	// AccountStages and FolderStages are how many are "blended", "settled", "spliced" and "closed"; Unsettled what folders
	// that have not settled wait for, in words of package settling's.
	AccountStages map[string]int `json:"account_stages"`
	FolderStages  map[string]int `json:"folder_stages"`
	Unsettled     map[string]int `json:"unsettled"`
	SettleStopped bool           `json:"settle_stopped"`
	Queue         Queue          `json:"queue"`
	Admin         Attention      `json:"admin"`           // what waits for the admin
	Asked         *Asked         `json:"asked,omitempty"` // what Finish said last; nil if it was not asked
	// Troubles are what stopped accounts and folders, the oldest first; Unfinished the accounts with most to copy.
	Troubles       []Trouble    `json:"troubles"`
	MoreTroubles   int          `json:"more_troubles"` // that are left out
	Unfinished     []Unfinished `json:"unfinished"`
	MoreUnfinished int          `json:"more_unfinished"`
}

// Queue is what waits to be copied, and for how long.
type Queue struct {
	Opened              int     `json:"opened_folders"` // that a client opened lately
	Others              int     `json:"other_folders"`
	OldestOpenedSeconds float64 `json:"oldest_opened_seconds"`
	OldestLookSeconds   float64 `json:"oldest_look_seconds"`
}

// Trouble is why an account or a folder does not go on.
type Trouble struct {
	Account string    `json:"account"`
	Folder  string    `json:"folder,omitempty"`
	Text    string    `json:"text"`
	Since   time.Time `json:"since"`
}

// Unfinished is an account with something to copy.
type Unfinished struct {
	Account string `json:"account"`
	State   string `json:"state"`
	Left    int    `json:"left_messages"`
	Completion
}

// shownTroubles and shownAccounts bound what an overview lists one by one.
const (
	shownTroubles = 50
	shownAccounts = 50
)

// Overview looks at everything. Like Status it asks no server and loads nothing.
func (e *Engine) Overview() Overview {
	held := e.isHeld()
	var o Overview
	v := e.survey(func(a *account, s *sums, state string) {
		o.Troubles = append(o.Troubles, a.troubles(s)...)
		if state != stateCopied {
			o.Unfinished = append(o.Unfinished, Unfinished{Account: a.name, State: state, Left: s.tally.left(), Completion: s.completion()})
		}
	})
	o.Admin, o.Asked = v.admin, e.asked.Load()
	o.Held, o.Done = held, v.accounts[stateCopied] > 0 && len(o.Unfinished) == 0 && v.admin.Rebuilds == 0
	o.Progress, o.Counts = v.total.progress(&e.domains.all.rate, held, v.now), v.total.tally.counts()
	o.Domains, o.Accounts, o.Folders = v.domainReports(held), v.accounts, v.total.byState()
	o.Queue = Queue{v.queue.opened, v.queue.others, v.queue.oldestOpened.Seconds(), v.queue.oldestLook.Seconds()}
	o.AccountStages, o.FolderStages = v.stages.accounts, v.stages.folders
	o.Unsettled, o.SettleStopped = v.unsettled, e.settleStopped.Load()
	o.Hosts = e.Hosts()
	o.Refused = make(map[string]int)
	for c := range classes {
		if n := v.total.tally.refused[c] - v.total.tally.signed[c]; n > 0 {
			o.Refused[c.String()] = n
		}
	}
	slices.SortFunc(o.Troubles, func(a, b Trouble) int { return a.Since.Compare(b.Since) })
	slices.SortStableFunc(o.Unfinished, func(a, b Unfinished) int { return cmp.Compare(b.Left, a.Left) })
	o.Troubles, o.MoreTroubles = first(o.Troubles, shownTroubles)
	o.Unfinished, o.MoreUnfinished = first(o.Unfinished, shownAccounts)
	return o
}

// first cuts a list off and tells how much is left out.
func first[T any](list []T, n int) ([]T, int) {
	if len(list) <= n {
		return list, 0
	}
	return slices.Clone(list[:n]), len(list) - n
}

// troubles are the problems of an account and of its folders.
func (a *account) troubles(s *sums) []Trouble {
	var out []Trouble
	a.mu.Lock()
	p := a.problems
	a.mu.Unlock()
	if p.Text != "" {
		out = append(out, Trouble{Account: a.name, Text: p.Text, Since: p.Since})
	}
	if h := a.hidden(); h != "" {
		out = append(out, Trouble{Account: a.name, Text: h, Since: a.hiddenSince()})
	}
	if s.states[folderStopped] == 0 {
		return out
	}
	for _, f := range a.all() {
		if p := f.problem(); p.Text != "" {
			out = append(out, Trouble{Account: a.name, Folder: f.record().Path.String(), Text: p.Text, Since: p.Since})
		}
	}
	return out
}
