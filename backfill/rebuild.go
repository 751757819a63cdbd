package backfill

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"crossfade/backfill/lineage"
	"crossfade/mapping"
	"crossfade/store"
)

// rebuilding tells whether the account waits for 'crossfade rebuild': both sides are matched, and nothing is written to
// either.
func (a *account) rebuilding() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rebuild != ""
}

// refuseRebuild is what a client is told meanwhile.
func (a *account) refuseRebuild() error {
	if !a.rebuilding() {
		return nil
	}
	return &Refusal{Code: "UNAVAILABLE", Text: "This mailbox is being put in order after a failure of the mail proxy; your mail is safe, and the administrator has been told"}
}

// matchAnew is what a folder's turn does while its account is rebuilt: both sides were listed, what looks the same is
// compared, and what the old state knows of the rest is taken over. The caller uses the folder.
func (f *folder) matchAnew(ctx context.Context) error {
	paired := f.where(func(l *store.Link) bool { return l.State == store.Listed && l.Paired })
	sourceOrder(paired)
	for _, layer := range layers(paired) {
		for len(layer) > 0 && f.problem().Text == "" {
			n := min(len(layer), runLinks)
			if err := f.confirm(ctx, layer[:n]); err != nil {
				return err
			}
			layer = layer[n:]
		}
	}
	if err := f.takeOver(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.matched = true
	return nil
}

// origin names a source message whatever folder record it belongs to.
type origin struct {
	box           string
	validity, uid uint32
}

// keepsake is what the old state knows of a message that only the source has.
type keepsake struct {
	gone  bool // deleted by its user
	flags mapping.Flags
}

// takeOver gives messages that have no copy what the old state knew of them: a whiteout, or flags that a client gave
// them.
func (f *folder) takeOver() error {
	known, err := f.acct.remembered()
	if err != nil || len(known) == 0 {
		return err
	}
	return f.edit(func(e *edit) error {
		for _, l := range f.links {
			if l.State != store.Listed || l.Src == 0 || l.Dst != 0 || l.Touched {
				continue
			}
			box := e.rec.Sources[l.Box]
			switch was, ok := known[origin{box.Name, box.UIDValidity, l.Src}]; {
			case !ok:
			case was.gone:
				l.State, l.Touched = store.Whiteout, true
				e.put(l)
			default:
				l.Flags, l.Touched = e.flags(was.flags), true
				e.put(l)
			}
		}
		return nil
	})
}

// remembered reads what the folders of the old state know. They are read at every turn of a folder: it is rare, and they
// are not kept in memory.
func (a *account) remembered() (map[origin]keepsake, error) {
	a.mu.Lock()
	old, anew := slices.Clone(a.old), a.rebuild == rebuildAnew
	a.mu.Unlock()
	out := map[origin]keepsake{}
	for _, id := range old {
		err := a.e.store.View(func(rx *store.Rx) error {
			data, err := rx.LoadFolder(a.id, id)
			if err != nil {
				return err
			}
			for i := range data.Links {
				l := &data.Links[i]
				said := l.Touched && l.State == store.Listed || anew && l.State == store.Copied && l.Flags != l.Base
				if l.Src == 0 || l.State != store.Whiteout && !said {
					continue
				}
				box := data.Folder.Sources[l.Box]
				if o := (origin{box.Name, box.UIDValidity, l.Src}); !box.Borrowed {
					out[o] = keepsake{gone: l.State == store.Whiteout, flags: data.FlagSets[l.Flags]}
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the old state: %w", err)
		}
	}
	return out, nil
}

// RebuildAccount is one account that waits, and what would become of it.
type RebuildAccount struct {
	Account string `json:"account"`
	Why     string `json:"why"`
	// State is "waiting for its user" (who has to log in once), "waiting for a restart of the proxy", "matching", or "ready":
	// then the numbers hold.
	State   string          `json:"state"`
	Problem string          `json:"problem,omitempty"`
	Folders []RebuildFolder `json:"folders,omitempty"`
}

// RebuildFolder tells of the source's messages in one folder. A folder is copied in ascending order, so what has no copy
// although a later one has was most likely deleted by its user.
type RebuildFolder struct {
	Folder   string `json:"folder"`
	Matched  int    `json:"matched"`  // copied before, byte for byte
	Return   int    `json:"return"`   // copied before and gone from the destination, it seems: would return
	Uncopied int    `json:"uncopied"` // not copied yet, it seems: copied in any case
	Deleted  int    `json:"deleted"`  // known to be deleted from the old state: stays deleted
	ready    bool
}

// States of an account that waits.
const (
	rebuildWaiting  = "waiting for its user"
	rebuildMatching = "matching"
	rebuildReady    = "ready"
)

// Rebuilding lists the accounts that wait, by name.
func (e *Engine) Rebuilding() ([]RebuildAccount, error) {
	var out []RebuildAccount
	accounts := e.allAccounts()
	for _, a := range accounts {
		if !a.rebuilding() {
			continue
		}
		r, err := a.rebuildReport()
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for _, login := range e.marked(accounts) {
		out = append(out, RebuildAccount{Account: login, Why: lineage.Lost, State: rebuildWaiting})
	}
	slices.SortFunc(out, func(x, y RebuildAccount) int { return cmp.Compare(x.Account, y.Account) })
	return out, nil
}

// loginOf is the login name in an account's key.
func loginOf(key string) string {
	_, login, _ := strings.Cut(key, "\x00")
	return login
}

func (e *Engine) allAccounts() []*account {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]*account, 0, len(e.accounts))
	for _, a := range e.accounts {
		out = append(out, a)
	}
	return out
}

func (a *account) rebuildReport() (RebuildAccount, error) {
	a.mu.Lock()
	r := RebuildAccount{Account: a.name, Why: a.rebuild, State: rebuildReady, Problem: a.problems.Text}
	listed, anew := !a.treeInfo.at.IsZero(), a.anew
	a.mu.Unlock()
	if anew {
		r.State = rebuildRestart
		return r, nil
	}
	folders := a.all()
	if !listed || len(folders) == 0 {
		r.State = rebuildMatching
	}
	for _, f := range folders {
		if len(ownSources(f.record())) == 0 {
			continue // only the destination has it
		}
		fr, err := f.rebuildReport()
		if err != nil {
			return r, err
		}
		if !fr.ready {
			r.State = rebuildMatching
		}
		if p := f.problem().Text; p != "" && r.Problem == "" {
			r.Problem = fr.Folder + ": " + p
		}
		r.Folders = append(r.Folders, fr)
	}
	return r, nil
}

// rebuildReport counts one folder.
func (f *folder) rebuildReport() (RebuildFolder, error) {
	if err := f.use(); err != nil {
		return RebuildFolder{}, err
	}
	defer f.done()
	f.mu.RLock()
	defer f.mu.RUnlock()
	r := RebuildFolder{Folder: f.rec.Path.String(), ready: f.matched}
	top := f.topCopied()
	for i := range f.links {
		l := &f.links[i]
		switch {
		case l.Src == 0:
		case l.State == store.Whiteout:
			r.Deleted++
		case l.State == store.Listed && l.Paired:
			r.ready = false // not compared yet
		case l.State == store.Listed && wasCopied(l, top):
			r.Return++
		case l.State == store.Listed:
			r.Uncopied++
		default:
			r.Matched++
		}
	}
	return r, nil
}

// topCopied is the highest source UID of each source folder that has a copy; the caller holds mu or editing.
func (f *folder) topCopied() map[uint16]uint32 {
	top := map[uint16]uint32{}
	for i := range f.links {
		if l := &f.links[i]; l.Src != 0 && l.State == store.Copied {
			top[l.Box] = max(top[l.Box], l.Src)
		}
	}
	return top
}

// wasCopied tells whether a message without a copy has most likely had one: a folder is copied in ascending order.
func wasCopied(l *store.Link, top map[uint16]uint32) bool { return l.Src < top[l.Box] }
