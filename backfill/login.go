package backfill

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
)

// proofTime is how long a password that both servers accepted is believed without asking them again: a mail
// client opens several connections at once.
const proofTime = 60 * time.Second

// Login opens a session (mode `same`: one name and password for both sides). The destination must accept; the
// source must accept too, unless it is down and the account is known already, or is watched no more. If the account is
// spliced, the destination alone is asked, and the session has a Pipe.
func (e *Engine) Login(ctx context.Context, name, secret string) (*Session, error) {
	a, rec, err := e.lookupRecord(canonical(name))
	if err != nil {
		return nil, err
	}
	if d := e.piper(a, rec, e.aliasKey(canonical(name))); d != nil {
		return e.loginSpliced(ctx, d, a, name, secret)
	}
	if a == nil || !a.proven(secret) {
		if a, err = e.prove(ctx, a, e.destinationAlone(rec, e.aliasKey(canonical(name))), name, secret); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	e.start(a)
	e.mu.Unlock()
	if err := a.refuseRebuild(); err != nil {
		return nil, err
	}
	return a.arrive(), nil
}

// lookup finds a known account by any of its names; nil if there is none.
func (e *Engine) lookup(alias string) (*account, error) {
	a, _, err := e.lookupRecord(alias)
	return a, err
}

// lookupRecord is lookup with the account's record; a zero one if there is none.
func (e *Engine) lookupRecord(alias string) (*account, store.Account, error) {
	var rec store.Account
	err := e.store.View(func(rx *store.Rx) (err error) {
		rec, err = rx.FindAlias(e.aliasKey(alias))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, store.Account{}, nil
	}
	if err != nil {
		return nil, store.Account{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.accounts[rec.ID], rec, nil
}

func (e *Engine) aliasKey(alias string) string { return e.opt.Destination.Host() + "\x00" + alias }

// prove asks both servers, or the destination alone, and enrols or refreshes the account.
func (e *Engine) prove(ctx context.Context, a *account, alone bool, name, secret string) (*account, error) {
	var src, dst Mail
	var srcErr, dstErr error
	var g errgroup.Group
	if !alone {
		g.Go(func() error { src, srcErr = e.opt.Source.Login(ctx, name, secret); return nil })
	}
	g.Go(func() error { dst, dstErr = e.opt.Destination.Login(ctx, name, secret); return nil })
	_ = g.Wait() // both results are looked at below
	fail := func(err error) (*account, error) {
		for _, m := range []Mail{src, dst} {
			if m != nil {
				_ = m.Close()
			}
		}
		return nil, err
	}
	if dstErr != nil {
		return fail(fmt.Errorf("destination: %w", dstErr))
	}
	w, ok := dst.(Writer)
	if !ok {
		return fail(errors.New("the destination's driver cannot write"))
	}
	if srcErr != nil && (a == nil || !IsUnavailable(srcErr)) {
		return fail(fmt.Errorf("source: %w", srcErr))
	}
	if a == nil {
		var err error
		if a, err = e.enrol(name, secret); err != nil {
			return fail(err)
		}
	}
	return a, a.adopt(src, w, name, secret)
}

// enrol makes the account's record. Two first logins at once make one record.
func (e *Engine) enrol(name, secret string) (*account, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := e.aliasKey(canonical(name))
	var rec store.Account
	err := e.store.Update(func(tx *store.Tx) error {
		var err error
		if rec, err = tx.FindAlias(key); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		id, err := tx.NewAccountID()
		if err != nil {
			return err
		}
		sealed, err := e.vault.seal(key, secret)
		if err != nil {
			return err
		}
		now := time.Now().UTC()
		rec = store.Account{ID: id, Key: key, Aliases: []string{key}, SourceLogin: name, DestLogin: name, Secret: sealed, Created: now, FirstLogin: now}
		e.sinceLost(&rec)
		return tx.PutAccount(rec)
	})
	if err != nil {
		return nil, fmt.Errorf("enrol the account: %w", err)
	}
	if err := e.mark(rec.Key, 0); err != nil {
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

// proven tells whether this very secret was accepted a moment ago.
func (a *account) proven(secret string) bool {
	d := a.e.vault.digest(a.key, secret)
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.provenAt) < proofTime && subtle.ConstantTimeCompare(d[:], a.proof[:]) == 1 && a.dst != nil
}

// adopt takes over freshly proven connections. A changed password is sealed anew and replaces the old ones.
func (a *account) adopt(src Mail, dst Writer, name, secret string) error {
	d := a.e.vault.digest(a.key, secret)
	a.mu.Lock()
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
		a.dst = m.(Writer)
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
	sealed, err := a.e.vault.seal(a.key, secret)
	if err != nil {
		return false, err
	}
	now := secrets{dest: sealed}
	err = a.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(a.id)
		if kept = err == nil && rec.Closed.IsZero(); !kept {
			return err
		}
		if now.source = rec.SourceSecret; both {
			now.source = nil
		} else if now.source == nil {
			now.source = rec.Secret
		}
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
