package backfill

import (
	"time"

	"crossfade/backfill/gate"
	"crossfade/store"
)

// Attention is what goes on only when the admin says so.
type Attention struct {
	Rebuilds       int `json:"rebuilds"`        // accounts that wait for 'crossfade rebuild'
	PausedAccounts int `json:"paused_accounts"` // by themselves; whether everything is paused is Held
	PausedFolders  int `json:"paused_folders"`
	AskingAccounts int `json:"asking_accounts"` // that wait for 'crossfade accept'
	AskingFolders  int `json:"asking_folders"`
}

// noticed adds what of an account waits for the admin. It changes nothing and loads nothing: s has been summed up from
// the account's folders.
func (t *Attention) noticed(a *account, s *sums) {
	t.PausedFolders += s.paused
	t.AskingFolders += s.asking
	hidden := a.hidden() != ""
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rebuild != "" {
		t.Rebuilds++
	}
	if a.paused {
		t.PausedAccounts++
	}
	if hidden || a.doubt(s.tally.lost-s.kept, s.tally.states[store.Copied]) != "" {
		t.AskingAccounts++
	}
}

// marked are the accounts that only the marks know: their state is lost, and they wait for a rebuild as soon as their
// users are here.
func (e *Engine) marked(accounts []*account) (logins []string) {
	known := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		known[a.key] = true
	}
	for _, key := range e.lineage.Unknown(known) {
		logins = append(logins, loginOf(key))
	}
	return logins
}

// askedBelow are the folder's own source folders of which the admin is to say what is true of them; the caller holds mu.
func (f *folder) askedBelow() (boxes []uint16) {
	for _, b := range ownSources(f.rec) {
		_, odd := f.problems[sourceProblem(b)]
		if _, lost := f.problems[lostFolder(b)]; odd || lost {
			boxes = append(boxes, b)
		}
	}
	return boxes
}

// asks tells whether the folder has stopped to ask, so that Accept has something to answer; the caller holds mu.
func (f *folder) asks() bool {
	if len(f.problems) == 0 {
		return false
	}
	_, above := f.problems["destination"]
	return above || len(f.askedBelow()) > 0
}

// Asked is what Finish answered when it was last asked about all accounts, in this run of the program.
type Asked struct {
	At         time.Time        `json:"at"`
	OK         bool             `json:"ok"` // the old server may be switched off
	Conditions []AskedCondition `json:"conditions"`
}

// AskedCondition is one condition. It names no account.
type AskedCondition struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"` // green, or accepted by whoever asked
	Text string `json:"text"`
}

// askedOf is the report without the names in it.
func askedOf(r gate.Report) *Asked {
	out := &Asked{At: r.Time, OK: r.Colour == gate.Green}
	for _, c := range r.Conditions {
		out.Conditions = append(out.Conditions, AskedCondition{c.Name, c.Accepted || c.Colour == gate.Green, c.Text})
	}
	return out
}
