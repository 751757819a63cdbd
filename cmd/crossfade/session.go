package main

import (
	"context"

	"crossfade/backfill"
	"crossfade/proxy"
)

// session is the engine's session as the front doors want it: the engine knows nothing of proxy, so its Open
// returns its own type.
type session struct{ *backfill.Session }

// Open selects a folder.
func (s session) Open(ctx context.Context, name string, readOnly bool) (proxy.Mailbox, error) {
	m, err := s.Session.Open(ctx, name, readOnly)
	if err != nil {
		return nil, err // never a nil *backfill.Mailbox in the interface
	}
	return m, nil
}

// loginTo is the engine's door for the proxy.
func loginTo(e *backfill.Engine) proxy.Login {
	return func(ctx context.Context, user, secret string) (proxy.Session, error) {
		s, err := e.Login(ctx, user, secret)
		if err != nil {
			return nil, err
		}
		return session{s}, nil
	}
}
