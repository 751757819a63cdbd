package backfill

import (
	"slices"
	"strings"
	"time"

	"crossfade/store"
)

// Report is how far the move is.
type Report struct {
	Held     bool            `json:"held"` // the backfill waits for its release
	Done     bool            `json:"done"` // every known account is copied, refused messages aside
	Total    Counts          `json:"total"`
	Accounts []AccountReport `json:"accounts"`
}

// AccountReport is how far one account is.
type AccountReport struct {
	Account string     `json:"account"`
	Done    bool       `json:"done"`
	Counts  Counts     `json:"counts"`
	Problem string     `json:"problem,omitempty"`
	Since   *time.Time `json:"problem_since,omitempty"`
	// Doubt is why deletes on the source are not carried over just now: too much vanished there at once.
	Doubt   string        `json:"doubt,omitempty"`
	Folders []FolderState `json:"folders"`
}

// FolderState is how far one folder is. State is one of "waiting" (not looked at yet), "copying", "copied",
// "destination only" and "stopped" (Problem tells why).
type FolderState struct {
	Folder  string   `json:"folder"` // decoded, for people
	Sources []string `json:"sources,omitempty"`
	State   string   `json:"state"`
	Counts  Counts   `json:"counts"`
	Problem string   `json:"problem,omitempty"`
	Opened  bool     `json:"opened"` // a client has it selected
}

// Status reports from the state; no server is asked.
func (e *Engine) Status() Report {
	e.mu.Lock()
	accounts := make([]*account, 0, len(e.accounts))
	for _, a := range e.accounts {
		accounts = append(accounts, a)
	}
	e.mu.Unlock()
	slices.SortFunc(accounts, func(a, b *account) int { return strings.Compare(a.name, b.name) })
	r := Report{Held: e.isHeld(), Done: len(accounts) > 0}
	for _, a := range accounts {
		ar := a.report()
		r.Total.add(ar.Counts)
		r.Done = r.Done && ar.Done
		r.Accounts = append(r.Accounts, ar)
	}
	return r
}

func (a *account) report() AccountReport {
	a.mu.Lock()
	r := AccountReport{Account: a.name, Problem: a.problems.Text}
	if since := a.problems.Since; r.Problem != "" {
		r.Since = &since
	}
	listed := !a.treeInfo.at.IsZero()
	a.mu.Unlock()
	folders := a.all()
	r.Done, r.Doubt = listed && len(folders) > 0, a.doubtful()
	for _, f := range folders {
		fs := f.report()
		r.Counts.add(fs.Counts)
		r.Done = r.Done && (fs.State == "copied" || fs.State == "destination only")
		r.Folders = append(r.Folders, fs)
	}
	return r
}

func (f *folder) report() FolderState {
	f.countOnce()
	f.acct.mu.Lock()
	opened := f.viewers > 0
	f.acct.mu.Unlock()
	rec, p, c := f.record(), f.problem(), f.counted().counts()
	r := FolderState{Folder: rec.Path.String(), Counts: c, Problem: p.Text, Opened: opened}
	looked := true
	for _, i := range ownSources(rec) {
		r.Sources = append(r.Sources, rec.Sources[i].Name)
		looked = looked && rec.Sources[i].UIDValidity != 0
	}
	switch {
	case p.Text != "":
		r.State = "stopped"
	case len(r.Sources) == 0 && c.Listed+c.Copying == 0:
		r.State = "destination only"
	case !looked:
		r.State = "waiting"
	case c.Listed+c.Copying > 0:
		r.State = "copying"
	default:
		r.State = "copied"
	}
	return r
}

// countOnce loads a folder that was never loaded since the program started, so that its counts are known.
func (f *folder) countOnce() {
	f.mu.RLock()
	known := f.tallied
	f.mu.RUnlock()
	if !known && f.use() == nil {
		f.done()
	}
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
