package backfill

import (
	"crypto/subtle"
	"time"

	"crossfade/store"
)

// proofTime is how long a password that both servers accepted is believed without asking them again: a mail
// client opens several connections at once.
const proofTime = 60 * time.Second

// proven tells whether this very secret was accepted a moment ago.
func (a *account) proven(secret string) bool {
	d := a.e.vault.digest(a.key, secret)
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.provenAt) < proofTime && subtle.ConstantTimeCompare(d[:], a.proof[:]) == 1 && a.dst != nil
}

// adopt takes over freshly proven connections. A changed password is sealed anew and replaces the old ones. Those of an account
// that is to be begun anew are of no use: what is known of the mailbox is known of another one.
func (a *account) adopt(src Mail, dst Writer, secret string) error {
	d := a.e.vault.digest(a.key, secret)
	a.mu.Lock()
	if a.anew {
		a.mu.Unlock()
		end(src, dst)
		return a.refuseRebuild()
	}
	fresh := subtle.ConstantTimeCompare(d[:], a.proof[:]) != 1
	var old []Mail
	keep := func(have, got Mail) Mail {
		switch {
		case got == nil:
			return have
		case have == nil:
			return got
		case fresh:
			old = append(old, have)
			return got
		}
		old = append(old, got)
		return have
	}
	a.src = keep(a.src, src)
	if m := keep(mailOf(a.dst), dst); m != nil {
		a.dst = a.proves(m.(Writer))
	}
	a.proof, a.provenAt = d, time.Now()
	stored, refused := a.secrets, a.patience.Secret
	a.retryAt = time.Time{}
	a.mu.Unlock()
	for _, m := range old {
		_ = m.Close()
	}
	if a.kick(); refused && (src != nil || fresh) { // else it is the source that refused it
		a.forgive()
	}
	if was, err := a.e.vault.open(a.key, stored.dest); err == nil && was == secret && (src == nil || stored.source == nil) {
		return nil
	}
	_, err := a.reseal(secret, src != nil)
	if IsFull(err) { // the next login tries again
		a.log.Warn("a changed password cannot be stored", "err", err)
		return nil
	}
	return err
}

// mailOf avoids a typed nil in an interface.
func mailOf(w Writer) Mail {
	if w == nil {
		return nil
	}
	return w
}

// reseal stores a changed password, unless the account is closed: then none is kept. both says that the source took it,
// too; else the one that it took before is kept beside it.
func (a *account) reseal(secret string, both bool) (kept bool, err error) {
	var now secrets
	err = a.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(a.id)
		if kept = err == nil && rec.Closed.IsZero(); !kept {
			return err
		}
		if now.dest, err = a.e.vault.seal(a.id, a.key, secret); err != nil { // the account's key is destroyed when it is closed
			return err
		}
		if now.source = rec.SourceSecret; both {
			now.source = nil
		} else if now.source == nil {
			now.source = rec.Secret
		}
		rec.Made = a.e.madeAfter(rec, secret)
		rec.Secret, rec.SourceSecret = now.dest, now.source
		return tx.PutAccount(rec)
	})
	if kept = kept && err == nil; kept {
		a.mu.Lock()
		a.secrets = now
		a.mu.Unlock()
	}
	return kept, err
}
