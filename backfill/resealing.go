package backfill

import (
	"context"

	"crossfade/store"
)

// resealOld seals passwords with their accounts' own keys that an earlier version sealed with the master key itself. The
// old form stays in the database's old files until it rewrites them: only a changed password makes that one worthless.
func (e *Engine) resealOld(ctx context.Context) {
	n := 0
	for _, a := range e.known() {
		if ctx.Err() != nil {
			break
		}
		a.mu.Lock()
		old := e.vault.old(a.secrets.dest) || e.vault.old(a.secrets.source)
		a.mu.Unlock()
		if !old {
			continue
		}
		if err := a.resealOld(); err != nil {
			a.log.Warn("the stored password could not be sealed with a key of its own yet", "err", err)
			continue
		}
		n++
	}
	if n > 0 {
		e.log.Info("stored passwords were sealed anew, each account's with a key of its own", "accounts", n)
	}
}

// resealOld seals an account's passwords anew. What cannot be opened stays.
func (a *account) resealOld() error {
	var now secrets
	err := a.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(a.id)
		if err != nil {
			return err
		}
		for _, sealed := range []*[]byte{&rec.Secret, &rec.SourceSecret} {
			secret, err := a.e.vault.open(a.key, *sealed)
			if err != nil || !a.e.vault.old(*sealed) {
				continue
			}
			if *sealed, err = a.e.vault.seal(a.id, a.key, secret); err != nil {
				return err
			}
		}
		now = secrets{rec.Secret, rec.SourceSecret}
		return tx.PutAccount(rec)
	})
	if err == nil {
		a.mu.Lock()
		a.secrets = now
		a.mu.Unlock()
	}
	return err
}

// checkSecrets tells the admin if passwords cannot be opened: their accounts rest until their users log in.
func (e *Engine) checkSecrets(recs []store.Account) {
	lost := 0
	for _, rec := range recs {
		if rec.Secret == nil {
			continue
		}
		if _, err := e.vault.open(rec.Key, rec.Secret); err != nil {
			lost++
		}
	}
	if lost > 0 {
		e.log.Warn("stored passwords cannot be opened: the file with the accounts' keys or --key-file is not the one that they were sealed with. Nothing else is lost: each of these accounts goes on when its user has logged in once", "accounts", lost)
	}
}

// destroyClosed erases, after a kill, what closed accounts knew of passwords.
func (e *Engine) destroyClosed() {
	var ids []store.AccountID
	for _, a := range e.known() {
		if a.shut() {
			ids = append(ids, a.id)
		}
	}
	if err := e.vault.destroy(ids...); err != nil {
		e.log.Warn("keys of closed accounts could not be destroyed yet", "err", err)
	}
}
