package backfill

import (
	"context"
	"errors"
	"fmt"
)

// folderSettled is the State of folders that are shown under the destination's own identity although they have, or had,
// source folders.
const folderSettled = "settled"

// Unsettled is a folder that is not shown under the destination's own identity, and why not, in words for the admin.
type Unsettled struct {
	Account string   `json:"account"`
	Folder  string   `json:"folder"` // decoded
	Reasons []string `json:"reasons"`
}

// Settle shows folders of an account under the destination's own numbers, if nothing stands in the way: one, by its
// decoded or raw name, or all of them, for "". Both sides are listed afresh for that, and each folder is held for some
// seconds at most. It returns those that could not be switched now, with the reasons; a folder that has settled, or that
// only the destination has, is none of them.
func (e *Engine) Settle(ctx context.Context, account, name string) ([]Unsettled, error) {
	return e.eachUnsettled(account, name, func(f *folder) ([]string, error) { return f.settle(WithBackground(ctx)) })
}

// Unsettled lists the folders that are not settled, with what is known to stand in the way of each, from the state: no
// server is asked and no folder is loaded. One without reasons may settle; only the servers can tell.
func (e *Engine) Unsettled(account, name string) ([]Unsettled, error) {
	return e.eachUnsettled(account, name, func(f *folder) ([]string, error) {
		reasons, err := f.unsettled()
		return append([]string{}, reasons...), err
	})
}

// eachUnsettled asks why of every folder that is not settled, and lists those of which it is told.
func (e *Engine) eachUnsettled(account, name string, why func(*folder) ([]string, error)) ([]Unsettled, error) {
	accounts, err := e.accountsNamed(account)
	if err != nil {
		return nil, err
	}
	var out []Unsettled
	known := name == ""
	for _, a := range accounts {
		for _, f := range a.all() {
			rec := f.record()
			if name != "" && rec.Path.String() != name && rec.Name != name {
				continue
			}
			known = true
			if rec.Identity.Native {
				continue
			}
			reasons, err := why(f)
			if err != nil {
				return out, fmt.Errorf("%s: %s: %w", a.name, rec.Path, err)
			}
			if reasons != nil {
				out = append(out, Unsettled{Account: a.name, Folder: rec.Path.String(), Reasons: reasons})
			}
		}
	}
	if !known {
		return out, fmt.Errorf("no folder %q is known: 'crossfade status' lists the folders", name)
	}
	return out, nil
}

// settle switches the folder to the destination's numbers, or tells why not. An error is one of the account or the host.
func (f *folder) settle(context.Context) ([]string, error) {
	reasons, err := f.unsettled()
	if err == nil && reasons == nil {
		err = errors.New("this version cannot switch a folder yet")
	}
	return reasons, err
}
