package backfill

import (
	"fmt"
	"time"

	"crossfade/store"
)

// forgottenAtOnce is how many folders of the old state go in one transaction.
const forgottenAtOnce = 200

// Rebuild ends the waiting of an account, "" for all that are ready. With discard, messages that were copied before and
// are gone from the destination stay deleted; else they are copied again. It returns the names of those it ended.
func (e *Engine) Rebuild(name string, discard bool) ([]string, error) {
	waiting, err := e.Rebuilding()
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	for _, w := range waiting {
		state[canonical(w.Account)] = w.State
	}
	if name != "" && state[canonical(name)] != rebuildReady {
		return nil, notReady(name, state[canonical(name)])
	}
	var done []string
	for _, a := range e.allAccounts() {
		login := canonical(a.name)
		if name != "" && login != canonical(name) || state[login] != rebuildReady {
			continue
		}
		if err := a.endRebuild(discard); err != nil {
			return done, fmt.Errorf("%s: %w", a.name, err)
		}
		done = append(done, a.name)
	}
	return done, nil
}

func notReady(name, state string) error {
	switch state {
	case rebuildWaiting:
		return fmt.Errorf("%s has to log in once before its mailboxes can be compared", name)
	case rebuildRestart:
		return fmt.Errorf("%s is begun anew at the next start of the proxy: restart it", name)
	case rebuildMatching:
		return fmt.Errorf("the mailboxes of %s are still being compared; 'crossfade rebuild' tells when they are ready", name)
	}
	return fmt.Errorf("%s does not wait for a rebuild; 'crossfade rebuild' lists who does", name)
}

// endRebuild is idempotent: the account's record comes last, so after a crash in the middle it waits still.
func (a *account) endRebuild(discard bool) error {
	if discard {
		for _, f := range a.all() {
			if err := f.keepDeleted(); err != nil {
				return err
			}
		}
	}
	a.mu.Lock()
	old := a.old
	a.mu.Unlock()
	for len(old) > 0 {
		n := min(len(old), forgottenAtOnce)
		err := a.e.store.Update(func(tx *store.Tx) error {
			for _, id := range old[:n] {
				if err := tx.DeleteFolder(a.id, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		old = old[n:]
	}
	err := a.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(a.id)
		if err != nil {
			return err
		}
		rec.Rebuild = ""
		return tx.PutAccount(rec)
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.rebuild, a.old = "", nil
	a.mu.Unlock()
	a.log.Info("the account is rebuilt", "discard", discard)
	a.wakeFolders()
	return nil
}

// wakeFolders has the next pass look at every folder.
func (a *account) wakeFolders() {
	for _, f := range a.all() {
		f.mu.Lock()
		f.checked = time.Time{}
		f.mu.Unlock()
	}
	a.kick()
}

// keepDeleted makes whiteouts of what seems to have been deleted.
func (f *folder) keepDeleted() error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.edit(func(e *edit) error {
		top := f.topCopied()
		for _, l := range f.links {
			if l.State == store.Listed && l.Src != 0 && !l.Paired && wasCopied(&l, top) {
				l.State, l.Touched = store.Whiteout, true
				e.put(l)
			}
		}
		return nil
	})
}
