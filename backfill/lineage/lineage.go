package lineage

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"crossfade/internal/marks"
	"crossfade/store"
)

// Why an account has to be rebuilt, in words for the admin: what its record's Rebuild says.
const (
	Restored = "the state was restored from an older copy"
	Lost     = "the state that it had is lost"
)

// OldFolder is the State of folders of a state that is not to be believed any more. They are kept until the account is
// rebuilt, for what their links know of deleted mail.
const OldFolder = "old"

// Lineage is a store and the marks that outlive it.
type Lineage struct {
	store *store.Store
	marks *marks.File // nil: nothing outlives the store
	log   *slog.Logger
}

// New makes the lineage of a store; without marks it knows nothing.
func New(st *store.Store, outlive *marks.File, log *slog.Logger) *Lineage {
	return &Lineage{store: st, marks: outlive, log: log}
}

// Reconcile compares the store with the marks, which outlive it: a store that is older than they are was restored from
// a copy, and a new one beside marks that know accounts has lost them. Nothing is rebuilt by itself then. The store's
// generation grows first, so it is lower than the marks' only if it is an old one.
func (l *Lineage) Reconcile() error {
	if l.marks == nil {
		return nil
	}
	generation, accounts, err := l.generation()
	if err != nil {
		return err
	}
	noted := l.marks.Generation()
	switch {
	case generation == 0 && len(l.marks.Accounts()) > 0:
		l.log.Error("the state is lost, but its accounts are known: each waits for 'crossfade rebuild' once its user has logged in", "accounts", len(l.marks.Accounts()))
	case uint64(generation) < noted:
		l.log.Error("the state was restored from an older copy: every account waits for 'crossfade rebuild'", "generation", generation, "noted", noted)
		for _, rec := range accounts {
			if err := l.SetAside(rec, Restored); err != nil {
				return fmt.Errorf("set aside the old state of %s: %w", rec.DestLogin, err)
			}
		}
	case generation > 0 && noted == 0:
		l.log.Warn("the file with the marks is lost; it is written anew from the state")
	}
	for _, rec := range accounts { // a store of before it was closed
		if rec.Closed.IsZero() && l.WasClosed(rec.Key) {
			if err := l.SetAside(rec, Restored); err != nil {
				return fmt.Errorf("close %s again: %w", rec.DestLogin, err)
			}
		}
	}
	if err := l.grow(max(uint64(generation), noted) + 1); err != nil {
		return err
	}
	return l.markAll(accounts)
}

// grow begins a generation: in the store first, so that the marks are never ahead of a store that is not old.
func (l *Lineage) grow(next uint64) error {
	if next > math.MaxUint32 {
		return errors.New("backfill: no generation is left for this state")
	}
	if err := l.store.Update(func(tx *store.Tx) error { return tx.PutGeneration(uint32(next)) }); err != nil {
		return err
	}
	if err := l.marks.SetGeneration(next); err != nil {
		return fmt.Errorf("note the generation: %w", err)
	}
	return nil
}

// Age begins a generation if anything was written since the store had counted the updates seen, and returns what it has
// counted now. Done now and then, a copy that was taken while the program runs is known for an old one, too.
func (l *Lineage) Age(seen uint64) (uint64, error) {
	if l.marks == nil || l.store.Updates() == seen {
		return seen, nil
	}
	if err := l.grow(l.marks.Generation() + 1); err != nil {
		return seen, err
	}
	return l.store.Updates(), nil
}

func (l *Lineage) generation() (n uint32, accounts []store.Account, err error) {
	err = l.store.View(func(rx *store.Rx) (err error) {
		if n, err = rx.Generation(); err != nil {
			return err
		}
		accounts, err = rx.Accounts()
		accounts = slices.DeleteFunc(accounts, func(rec store.Account) bool { return rec.Made != nil && rec.Made.Intended }) // none yet
		return err
	})
	return n, accounts, err
}

// markAll makes sure that the marks know every account and what it was shown: the program may have ended between the
// store and the marks, or the marks may be lost.
func (l *Lineage) markAll(accounts []store.Account) error {
	for _, rec := range accounts {
		high, err := l.shown(rec)
		if err == nil {
			err = l.Mark(rec.Key, high)
		}
		if err == nil && !rec.Settled.IsZero() {
			err = l.MarkSettled(rec.Key)
		}
		if err == nil && !rec.Closed.IsZero() {
			err = l.MarkClosed(rec.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shown is the greatest UIDVALIDITY that the records of an account know to have been shown.
func (l *Lineage) shown(rec store.Account) (uint32, error) {
	var folders []store.Folder
	err := l.store.View(func(rx *store.Rx) (err error) {
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

// Mark notes durably that an account is known and what its clients are about to be shown.
func (l *Lineage) Mark(key string, uidValidity uint32) error {
	if l.marks == nil {
		return nil
	}
	if err := l.marks.Raise(key, uidValidity); err != nil {
		return fmt.Errorf("note what clients are shown: %w", err)
	}
	return nil
}

// MarkSettled notes that an account's clients need nothing but the destination.
func (l *Lineage) MarkSettled(key string) error {
	if l.marks == nil {
		return nil
	}
	if err := l.marks.Settle(key); err != nil {
		return fmt.Errorf("note that an account has settled: %w", err)
	}
	return nil
}

// mark is what the marks know of an account; zero if there are none.
func (l *Lineage) mark(key string) (was marks.Account) {
	if l.marks != nil {
		was, _ = l.marks.Account(key)
	}
	return was
}

// asideAtOnce is how many folders are set aside in one transaction.
const asideAtOnce = 200

// SetAside puts an account's folders away and has it wait to be rebuilt, why being told to the admin. Nobody uses the
// account meanwhile. It is done again from the beginning after a crash: the generation grows, or the admin's word is taken
// back, only when all are done.
func (l *Lineage) SetAside(rec store.Account, why string) error {
	high, err := l.shown(rec)
	if err != nil {
		return err
	}
	was := l.mark(rec.Key)
	var folders []store.Folder
	err = l.store.View(func(rx *store.Rx) (err error) {
		folders, err = rx.Folders(rec.ID)
		return err
	})
	for len(folders) > 0 && err == nil {
		n := min(len(folders), asideAtOnce)
		err = l.store.Update(func(tx *store.Tx) error {
			for _, f := range folders[:n] {
				if was.Closed {
					if err := tx.DeleteFolder(rec.ID, f.ID); err != nil {
						return err
					}
					continue
				}
				f.State = OldFolder
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
	return l.store.Update(func(tx *store.Tx) error { return tx.PutAccount(rec) })
}
