package backfill

import (
	"fmt"
	"strings"
)

// Target is what a command is about: a folder of an account, an account with all its folders, or, with neither,
// everything.
type Target struct {
	Account string `json:"account,omitempty"`
	Folder  string `json:"folder,omitempty"` // as the status shows it, or as the destination spells it
}

// find returns the target's accounts, and its folder if it names one.
func (e *Engine) find(t Target) ([]*account, *folder, error) {
	if t.Account == "" && t.Folder != "" {
		return nil, nil, &Refusal{Text: fmt.Sprintf("whose folder %q? Name the account, too", t.Folder)}
	}
	if t.Account == "" {
		return e.known(), nil, nil
	}
	a, err := e.lookup(canonical(t.Account))
	if err != nil {
		return nil, nil, err
	}
	if a == nil {
		return nil, nil, &Refusal{Text: fmt.Sprintf("no account %q is known: 'crossfade status' lists them", t.Account)}
	}
	if t.Folder == "" {
		return []*account{a}, nil, nil
	}
	for _, f := range a.all() {
		rec := f.record()
		if !rec.Deleted.IsZero() {
			continue
		}
		if rec.Path.String() == t.Folder || rec.Name == t.Folder || f.inbox && strings.EqualFold(t.Folder, "INBOX") {
			return []*account{a}, f, nil
		}
	}
	return nil, nil, &Refusal{Text: fmt.Sprintf("%s has no folder %q: 'crossfade status --json' lists them", a.name, t.Folder)}
}
