package backfill

import (
	"context"
	"crypto/subtle"
	"errors"

	"crossfade/store"
)

// Login opens a session. Who the name is on both sides is told by Options.Identify; who decides, by Options.Mode. An account
// that has settled is the destination's to decide about, in every mode; if it is spliced, the session has a Pipe. A *Refusal
// is for the user to read: the password was right on one side, and something else stands in the way.
func (e *Engine) Login(ctx context.Context, name, secret string) (s *Session, err error) {
	t, err := e.newAttempt(name, secret)
	if err != nil {
		return nil, err
	}
	d := e.piper(t.a, t.rec, t.key)
	if d != nil || t.a == nil || !t.a.proven(secret) {
		var g *guess
		if g, err = t.begin(ctx); err != nil {
			return nil, err
		}
		defer func() { g.end(err) }()
		d = e.piper(t.a, t.rec, t.key)
	}
	if d != nil {
		return t.spliced(ctx, d)
	}
	if t.a == nil || !t.a.proven(secret) {
		if err = t.prove(ctx); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	e.start(t.a)
	e.mu.Unlock()
	e.met(t.key)
	if err := t.a.refuseRebuild(); err != nil {
		return nil, err
	}
	return t.a.arrive(), nil
}

// begin ends a login whose password is known to be wrong, and lets one at a time in that tries the same. The account is
// looked up again after the wait.
func (t *attempt) begin(ctx context.Context) (*guess, error) {
	var findErr error
	g, err := t.e.guesses.try(ctx, canonical(t.id.DestLogin), t.secret, func() bool {
		if !t.likely {
			findErr = t.find()
		}
		return t.likely
	})
	if err != nil {
		return nil, err
	}
	if findErr != nil {
		g.end(findErr)
		return nil, findErr
	}
	t.likely, t.guess = g.likely, g
	return g, nil
}

// prove asks whoever decides.
func (t *attempt) prove(ctx context.Context) error {
	_, configured := t.e.sourceCredentials(t.id)
	switch {
	case t.e.destinationAlone(t.rec, t.key):
		return t.destinationOnly(ctx)
	case t.e.opt.Mode == Capture:
		return t.capture(ctx)
	case t.e.opt.Mode == DestinationFirst || configured:
		return t.destinationFirst(ctx)
	}
	return t.same(ctx)
}

// attempt is one login on its way.
type attempt struct {
	e      *Engine
	typed  string
	id     LoginIdentity
	key    string // of the account
	secret string

	a      *account      // nil if there is none yet
	rec    store.Account // zero if the store does not know it
	guess  *guess        // nil if nobody is to be asked
	likely bool          // the password is one that was accepted before: it is no guess
}

// newAttempt finds out who it is. A name that makes no sense is refused like a wrong password.
func (e *Engine) newAttempt(name, secret string) (*attempt, error) {
	t := &attempt{e: e, typed: name, secret: secret, id: LoginIdentity{SourceLogin: name, DestLogin: name}}
	if e.opt.Identify != nil {
		var err error
		if t.id, err = e.opt.Identify(name); err != nil {
			return nil, &Error{Op: "login", Host: e.opt.Destination.Host(), Scope: AccountScope, Patience: Never, Code: "AUTHENTICATIONFAILED", Err: err}
		}
	}
	return t, t.find()
}

// find looks the account up: by its own name, else by names that it may have been known by. An account that is known keeps
// its source and its names there, whatever the settings say now: its links are to those mailboxes.
func (t *attempt) find() error {
	t.a, t.rec, t.likely = nil, store.Account{}, false
	names := append([]string{t.id.DestLogin}, t.id.Also...)
	for _, name := range names {
		a, rec, err := t.e.lookupRecord(canonical(name))
		if err != nil {
			return err
		}
		if rec.ID == 0 {
			continue
		}
		t.a, t.rec, t.key = a, rec, rec.Key
		if id := identityOf(rec); t.e.opt.Identify != nil && (id.Source != t.id.Source || canonical(id.SourceLogin) != canonical(t.id.SourceLogin)) {
			t.e.log.Warn("the settings say another mailbox of the source than the one that this account is moved from, which it keeps", "account", rec.DestLogin)
		}
		t.id = identityOf(rec)
		t.likely = t.e.accepted(rec, t.secret)
		return nil
	}
	t.key = t.e.aliasKey(canonical(t.id.DestLogin))
	if t.e.opt.Marks == nil {
		return nil
	}
	for _, name := range names { // the store may be lost
		if key := t.e.aliasKey(canonical(name)); t.e.marksKnow(key) {
			t.key, t.id.DestLogin = key, name
			return nil
		}
	}
	return nil
}

func (e *Engine) marksKnow(key string) bool {
	_, known := e.opt.Marks.Account(key)
	return known
}

// identityOf is who an account is.
func identityOf(rec store.Account) LoginIdentity {
	return LoginIdentity{Source: rec.Source, SourceLogin: rec.SourceLogin, DestLogin: rec.DestLogin}
}

// accepted tells whether a password is one that one of the servers took last, or was given.
func (e *Engine) accepted(rec store.Account, secret string) (yes bool) {
	sealed := [][]byte{rec.Secret, rec.SourceSecret}
	if rec.Made != nil {
		sealed = append(sealed, rec.Made.Next)
	}
	for _, s := range sealed {
		if s == nil {
			continue
		}
		was, err := e.vault.open(rec.Key, s)
		yes = err == nil && subtle.ConstantTimeCompare([]byte(was), []byte(secret)) == 1 || yes
	}
	return yes
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
