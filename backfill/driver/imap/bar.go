package imap

import (
	"sync"
	"time"
)

// bars keep accounts from trying passwords again that the server accepted once and now refuses: servers block
// addresses that fail often. Driver.Login is free of them: a user or the engine's own patience is behind it.
type bars struct {
	mu sync.Mutex
	by map[credentials]*bar
}

type credentials struct{ user, as, secret string }

type bar struct {
	err   error
	until time.Time
	next  time.Duration
}

const (
	firstBar = 5 * time.Minute
	longBar  = 6 * time.Hour
)

// check returns the refusal that holds still.
func (b *bars) check(a *account) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.by[credentials{a.user, a.as, a.secret}]; s != nil && time.Now().Before(s.until) {
		return s.err
	}
	return nil
}

// refused remembers a refusal.
func (b *bars) refused(a *account, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := credentials{a.user, a.as, a.secret}
	s := b.by[c]
	if s == nil {
		if b.by == nil {
			b.by = make(map[credentials]*bar)
		}
		s = &bar{next: firstBar}
		b.by[c] = s
	}
	s.err, s.until, s.next = err, time.Now().Add(s.next), min(2*s.next, longBar)
}

// lift forgets a refusal when the password was accepted.
func (b *bars) lift(a *account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.by, credentials{a.user, a.as, a.secret})
}
