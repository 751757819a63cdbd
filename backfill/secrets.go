package backfill

import "context"

// secrets are an account's sealed passwords. source is another one than dest that the source took last; nil: there is none.
type secrets struct{ dest, source []byte }

// loginSource logs in on the source with the password that it took last, or else with the one that only the destination
// was asked about: its user may have changed it there, too.
func (a *account) loginSource(ctx context.Context, secret string, last []byte) (Mail, error) {
	if c, ok := a.e.sourceCredentials(a.who); ok { // they are kept by the admin, not here
		return a.e.configured(ctx, a.from.Driver, c)
	}
	login := func(ctx context.Context, user, secret string) (Mail, error) {
		return a.stored(ctx, a.from.Driver, user, secret)
	}
	if last == nil {
		return login(ctx, a.who.SourceLogin, secret)
	}
	was, err := a.e.vault.open(a.key, last)
	if err != nil { // the other one is all there is
		return login(ctx, a.who.SourceLogin, secret)
	}
	m, err := login(ctx, a.who.SourceLogin, was)
	if err == nil || !passwordRefused(err) || was == secret {
		return m, err
	}
	if m, err = login(ctx, a.who.SourceLogin, secret); err == nil {
		if _, err := a.reseal(secret, true); err != nil {
			a.log.Warn("a changed password cannot be stored", "err", err)
		}
	}
	return m, err
}

// stored logs in with a stored password. That needs no leave, but a refusal counts.
func (a *account) stored(ctx context.Context, d Driver, user, secret string) (Mail, error) {
	told, err := a.e.guesses.strike(ctx, d.Host(), user, secret, true)
	if err != nil {
		return nil, err
	}
	m, err := d.Login(ctx, user, secret)
	told(err)
	return m, err
}

// configured logs in with credentials that the admin has configured. That needs no leave either, and a refusal counts, too.
func (e *Engine) configured(ctx context.Context, d Driver, c Credentials) (Mail, error) {
	told, err := e.guesses.strike(ctx, d.Host(), c.User, c.Secret, true)
	if err != nil {
		return nil, err
	}
	m, err := LoginWith(ctx, d, c)
	told(err)
	return m, err
}

// tryOther has the next login on the source try both passwords, if there are two.
func (a *account) tryOther() {
	a.mu.Lock()
	var old Mail
	if a.secrets.source != nil {
		old, a.src = a.src, nil
	}
	a.mu.Unlock()
	end(old, nil)
}
