package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"crossfade/internal/marks"
	"crossfade/store"
)

// Why an account has to be rebuilt, in words for the admin.
const (
	rebuildOld  = "the state was restored from an older copy"
	rebuildLost = "the state that it had is lost"
)

// folderOld is the State of folders of a state that is not to be believed any more. They are kept until the account is
// rebuilt, for what their links know of deleted mail.
const folderOld = "old"

// reconcile compares the store with the marks, which outlive it: a store that is older than they are was restored from
// a copy, and a new one beside marks that know accounts has lost them. Nothing is rebuilt by itself then. The store's
// generation grows first, so it is lower than the marks' only if it is an old one.
func (e *Engine) reconcile() error {
	if e.opt.Marks == nil {
		return nil
	}
	generation, accounts, err := e.generation()
	if err != nil {
		return err
	}
	noted := e.opt.Marks.Generation()
	switch {
	case generation == 0 && len(e.opt.Marks.Accounts()) > 0:
		e.log.Error("the state is lost, but its accounts are known: each waits for 'crossfade rebuild' once its user has logged in", "accounts", len(e.opt.Marks.Accounts()))
	case uint64(generation) < noted:
		e.log.Error("the state was restored from an older copy: every account waits for 'crossfade rebuild'", "generation", generation, "noted", noted)
		for _, rec := range accounts {
			if err := e.setAside(rec, rebuildOld); err != nil {
				return fmt.Errorf("set aside the old state of %s: %w", rec.DestLogin, err)
			}
		}
	case generation > 0 && noted == 0:
		e.log.Warn("the file with the marks is lost; it is written anew from the state")
	}
	for _, rec := range accounts { // a store of before it was closed
		if rec.Closed.IsZero() && e.wasClosed(rec.Key) {
			if err := e.setAside(rec, rebuildOld); err != nil {
				return fmt.Errorf("close %s again: %w", rec.DestLogin, err)
			}
		}
	}
	if err := e.grow(max(uint64(generation), noted) + 1); err != nil {
		return err
	}
	return e.markAll(accounts)
}

// grow begins a generation: in the store first, so that the marks are never ahead of a store that is not old.
func (e *Engine) grow(next uint64) error {
	if next > math.MaxUint32 {
		return errors.New("backfill: no generation is left for this state")
	}
	if err := e.store.Update(func(tx *store.Tx) error { return tx.PutGeneration(uint32(next)) }); err != nil {
		return err
	}
	if err := e.opt.Marks.SetGeneration(next); err != nil {
		return fmt.Errorf("note the generation: %w", err)
	}
	return nil
}

// generationTime is how long a generation lasts at most while anything is written: a copy of the store that is older
// than that is known for one, also if it was taken since the program started.
const generationTime = time.Minute

// age begins a generation now and then until ctx ends.
func (e *Engine) age(ctx context.Context) {
	for seen := e.store.Updates(); sleep(ctx, generationTime) == nil; {
		var err error
		if seen, err = e.ageOnce(seen); err != nil && ctx.Err() == nil {
			e.log.Warn("the age of the state could not be noted", "err", err)
		}
	}
}

// ageOnce begins a generation if anything was written since the last one, when the store had the count seen.
func (e *Engine) ageOnce(seen uint64) (uint64, error) {
	if e.opt.Marks == nil || e.store.Updates() == seen {
		return seen, nil
	}
	if err := e.grow(e.opt.Marks.Generation() + 1); err != nil {
		return seen, err
	}
	return e.store.Updates(), nil
}

func (e *Engine) generation() (n uint32, accounts []store.Account, err error) {
	err = e.store.View(func(rx *store.Rx) (err error) {
		if n, err = rx.Generation(); err != nil {
			return err
		}
		accounts, err = rx.Accounts()
		accounts = slices.DeleteFunc(accounts, intended)
		return err
	})
	return n, accounts, err
}

// markAll makes sure that the marks know every account and what it was shown: the program may have ended between the
// store and the marks, or the marks may be lost.
func (e *Engine) markAll(accounts []store.Account) error {
	for _, rec := range accounts {
		high, err := e.shown(rec)
		if err == nil {
			err = e.mark(rec.Key, high)
		}
		if err == nil && !rec.Settled.IsZero() {
			err = e.markSettled(rec.Key)
		}
		if err == nil && !rec.Closed.IsZero() {
			err = e.markClosed(rec.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shown is the greatest UIDVALIDITY that the records of an account know to have been shown.
func (e *Engine) shown(rec store.Account) (uint32, error) {
	var folders []store.Folder
	err := e.store.View(func(rx *store.Rx) (err error) {
		folders, err = rx.Folders(rec.ID)
		return err
	})
	high := rec.HighUIDValidity
	for _, f := range folders {
		if f.Identity.Fixed {
			high = max(high, f.Identity.UIDValidity)
		}
	}
	return high, err
}

// mark notes durably that an account is known and what its clients are about to be shown.
func (e *Engine) mark(key string, uidValidity uint32) error {
	if e.opt.Marks == nil {
		return nil
	}
	if err := e.opt.Marks.Raise(key, uidValidity); err != nil {
		return fmt.Errorf("note what clients are shown: %w", err)
	}
	return nil
}

// markSettled notes that an account's clients need nothing but the destination.
func (e *Engine) markSettled(key string) error {
	if e.opt.Marks == nil {
		return nil
	}
	if err := e.opt.Marks.Settle(key); err != nil {
		return fmt.Errorf("note that an account has settled: %w", err)
	}
	return nil
}

// markOf is what the marks know of an account; zero if there are none.
func (e *Engine) markOf(key string) (was marks.Account) {
	if e.opt.Marks != nil {
		was, _ = e.opt.Marks.Account(key)
	}
	return was
}

// asideAtOnce is how many folders are set aside in one transaction.
const asideAtOnce = 200

// setAside puts an account's folders away and has it wait. It is done again from the beginning after a crash: the
// generation grows, or the admin's word is taken back, only when all are done.
func (e *Engine) setAside(rec store.Account, why string) error {
	high, err := e.shown(rec)
	if err != nil {
		return err
	}
	was := e.markOf(rec.Key)
	var folders []store.Folder
	err = e.store.View(func(rx *store.Rx) (err error) {
		folders, err = rx.Folders(rec.ID)
		return err
	})
	for len(folders) > 0 && err == nil {
		n := min(len(folders), asideAtOnce)
		err = e.store.Update(func(tx *store.Tx) error {
			for _, f := range folders[:n] {
				if was.Closed {
					if err := tx.DeleteFolder(rec.ID, f.ID); err != nil {
						return err
					}
					continue
				}
				f.State = folderOld
				if err := errors.Join(tx.PutFolder(f), tx.DeleteIntent(rec.ID, f.ID), tx.DeleteClaim(rec.ID, f.ID)); err != nil {
					return err
				}
			}
			return nil
		})
		folders = folders[n:]
	}
	if err != nil {
		return err
	}
	rec.Anew = time.Time{}
	if rec.Rebuild, rec.HighUIDValidity = why, max(high, was.High, 1); was.Closed {
		closedAgain(&rec)
	}
	return e.store.Update(func(tx *store.Tx) error { return tx.PutAccount(rec) })
}
