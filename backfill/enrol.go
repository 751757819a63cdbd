package backfill

import (
	"errors"
	"fmt"
	"time"

	"crossfade/store"
)

// enrol makes the account's record, or completes that of a mailbox that was made here. Two first logins at once make one.
// came says that its user is here: when folders settle depends on the first login.
func (e *Engine) enrol(key string, id LoginIdentity, secret string, came bool) (*account, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var rec store.Account
	err := e.store.Update(func(tx *store.Tx) error {
		var err error
		rec, err = tx.FindAlias(key)
		switch {
		case errors.Is(err, store.ErrNotFound):
			n, err := tx.NewAccountID()
			if err != nil {
				return err
			}
			if err := e.vault.fresh(n); err != nil {
				return err
			}
			rec = id.record(n, key)
		case err != nil || !intended(rec):
			return err
		}
		rec.Made = e.madeAfter(rec, secret)
		if rec.Secret, err = e.vault.seal(rec.ID, key, secret); err != nil {
			return err
		}
		rec.Created = time.Now().UTC()
		if came {
			rec.FirstLogin = rec.Created
		}
		e.lineage.SinceLost(&rec)
		return tx.PutAccount(rec)
	})
	if err != nil {
		return nil, fmt.Errorf("enrol the account: %w", err)
	}
	if err := e.lineage.Mark(rec.Key, 0); err != nil {
		return nil, err
	}
	if a := e.accounts[rec.ID]; a != nil {
		return a, nil
	}
	a, err := newAccount(e, rec)
	if err != nil {
		return nil, err
	}
	e.accounts[rec.ID] = a
	return a, nil
}

// record is a new account's.
func (id LoginIdentity) record(n store.AccountID, key string) store.Account {
	return store.Account{ID: n, Key: key, Aliases: []string{key}, Source: id.Source, SourceLogin: id.SourceLogin, DestLogin: id.DestLogin}
}
