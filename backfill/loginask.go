package backfill

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// source is where the mail is moved from.
func (t *attempt) source() *source {
	if t.a != nil {
		return t.a.from
	}
	return t.e.sourceNamed(t.id.Source)
}

// askSource tries the user's password on the source.
func (t *attempt) askSource(ctx context.Context) (Mail, error) {
	told, err := t.e.guesses.strike(ctx, t.source().Host(), t.id.SourceLogin, t.secret, t.likely)
	if err != nil {
		return nil, err
	}
	m, err := t.source().Login(ctx, t.id.SourceLogin, t.secret)
	if told(err); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	t.took(t.secret)
	return m, nil
}

// took notes that a server accepted a password.
func (t *attempt) took(secret string) {
	if t.guess != nil && secret == t.secret {
		t.guess.took.Store(true)
	}
}

// askDestination tries a password on the destination. likely is said by who knows where it is from.
func (t *attempt) askDestination(ctx context.Context, secret string, likely bool) (Writer, error) {
	told, err := t.e.guesses.strike(ctx, t.e.opt.Destination.Host(), t.id.DestLogin, secret, likely)
	if err != nil {
		return nil, err
	}
	m, err := t.e.opt.Destination.Login(ctx, t.id.DestLogin, secret)
	if told(err); err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	t.took(secret)
	w, ok := m.(Writer)
	if !ok {
		_ = m.Close() // nothing was said on it
		return nil, errors.New("the destination's driver cannot write")
	}
	return w, nil
}

// askBoth tries both sides side by side.
func (t *attempt) askBoth(ctx context.Context, below func(context.Context) (Mail, error)) (src Mail, dst Writer, srcErr, dstErr error) {
	var g errgroup.Group
	g.Go(func() error { src, srcErr = below(ctx); return nil })
	g.Go(func() error { dst, dstErr = t.askDestination(ctx, t.secret, t.likely); return nil })
	_ = g.Wait() // both results are looked at by the caller
	return src, dst, srcErr, dstErr
}

// destinationOnly is the login of an account that needs nothing of the source.
func (t *attempt) destinationOnly(ctx context.Context) error {
	dst, err := t.askDestination(ctx, t.secret, t.likely)
	if err != nil {
		return err
	}
	return t.enter(nil, dst)
}

// enter takes the connections over, for an account that is enrolled if need be.
func (t *attempt) enter(src Mail, dst Writer) error {
	if t.a == nil {
		a, err := t.e.enrol(t.key, t.id, t.secret, true)
		if err != nil {
			end(src, dst)
			return err
		}
		t.a = a
	}
	return t.a.adopt(src, dst, t.secret)
}
