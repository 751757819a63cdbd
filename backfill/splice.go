package backfill

import (
	"context"
	"fmt"
	"time"

	"crossfade/store"
)

// aliasRest is how long no client must have used one of the source's folder paths before they stop working.
const aliasRest = 30 * 24 * time.Hour

// spliced tells whether an account's clients are handed over to the destination when they log in: it has settled, and
// nobody misses the source's folder paths, which a pipe does not know. An account is as old as its first login.
func spliced(rec store.Account, now time.Time) bool {
	if rec.Settled.IsZero() || rec.SpliceAccepted || rec.FirstLogin.IsZero() {
		return !rec.Settled.IsZero() && rec.SpliceAccepted
	}
	used := rec.FirstLogin
	if rec.AliasUsed.After(used) {
		used = rec.AliasUsed
	}
	return now.Sub(used) >= aliasRest
}

// destinationAlone tells whether logins need nothing of the source: it holds nothing that clients are shown. rec is zero
// if the store does not know the account.
func (e *Engine) destinationAlone(rec store.Account, key string) bool {
	return !rec.Settled.IsZero() || !rec.Closed.IsZero() || rec.ID == 0 && e.lineage.WasClosed(key)
}

// isNative tells whether clients are shown the destination's numbers in every folder. One that had settled is shown under
// others again when another folder had its name before.
func (a *account) isNative() bool {
	for _, f := range a.all() {
		if rec := f.record(); !rec.Identity.Native && rec.Identity.UIDValidity != 0 && rec.Deleted.IsZero() {
			return false
		}
	}
	return true
}

// piper is the destination's driver, if this account is spliced and the driver can do it. a is nil if the store does not
// know the account. An account that the marks know to have settled needs no store: one that is lost or an old copy keeps
// nobody out.
func (e *Engine) piper(a *account, rec store.Account, key string) Piper {
	p, ok := e.opt.Destination.(Piper)
	switch {
	case !ok:
		return nil
	case a != nil && rec.Rebuild == "":
		ok = spliced(rec, time.Now()) && a.isNative()
	case e.opt.Marks == nil:
		ok = false
	default:
		was, known := e.opt.Marks.Account(key)
		ok = known && was.Settled
	}
	if !ok {
		return nil
	}
	return p
}

// spliced lets the destination alone decide, on the very connection that the client gets.
func (t *attempt) spliced(ctx context.Context, d Piper) (*Session, error) {
	told, err := t.e.guesses.strike(ctx, t.e.opt.Destination.Host(), t.id.DestLogin, t.secret, t.likely)
	if err != nil {
		return nil, err
	}
	p, err := d.Pipe(ctx, t.id.DestLogin, t.secret)
	if told(err); err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	a := t.a
	if a != nil {
		err = a.keepSecret(t.secret)
	} else {
		a, err = t.e.enrol(t.key, t.id, t.secret, true)
	}
	switch {
	case err != nil && a != nil: // it is for the watch of the source alone, and the next login tries again
		a.log.Warn("a changed password cannot be stored", "err", err)
	case err != nil:
		_ = p.Conn.Close() // the client gets the other error
		return nil, err
	}
	t.e.mu.Lock()
	t.e.start(a)
	t.e.mu.Unlock()
	t.e.met(t.key)
	s := a.arrive()
	s.pipe = p
	return s, nil
}

// keepSecret keeps a password that only the destination was asked about. What goes on without clients uses it from now on.
func (a *account) keepSecret(secret string) error {
	a.mu.Lock()
	stored := a.secrets
	a.mu.Unlock()
	if was, err := a.e.vault.open(a.key, stored.dest); err == nil && was == secret {
		return nil
	}
	kept, err := a.reseal(secret, false)
	if err != nil || !kept {
		return err
	}
	a.mu.Lock()
	src, dst := a.src, a.dst
	a.src, a.dst = nil, nil
	a.mu.Unlock()
	end(src, dst)
	a.forgive()
	return nil
}

// Pipe hands over the destination's connection of an account that is spliced; the caller closes it. It is nil if there is
// none, and from the second call on.
func (s *Session) Pipe() *Pipe {
	s.a.mu.Lock()
	defer s.a.mu.Unlock()
	p := s.pipe
	if s.pipe = nil; p != nil {
		s.piped = true
		s.a.piped++
	}
	return p
}

// drop gives up a connection that nobody took over.
func (s *Session) drop() {
	if p := s.Pipe(); p != nil {
		_ = p.Conn.Close() // nothing was said on it
	}
}
