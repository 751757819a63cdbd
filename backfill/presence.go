package backfill

import (
	"time"

	"crossfade/store"
)

// loginNoted is how often a login is noted in the state: to the hour is enough to see who still comes.
const loginNoted = time.Hour

// arrive counts a client's session and notes, now and then, that its user was here. A state that cannot be written
// keeps nobody out.
func (a *account) arrive() *Session {
	now := time.Now().UTC()
	a.mu.Lock()
	a.sessions++
	a.arrived = now
	note := now.Sub(a.lastLogin) >= loginNoted
	if note {
		a.lastLogin = now
	}
	a.mu.Unlock()
	if note {
		err := a.change(func(rec *store.Account) {
			rec.LastLogin = now
			if rec.FirstLogin.IsZero() {
				rec.FirstLogin = now
			}
		})
		if err != nil {
			a.log.Warn("a login could not be noted", "err", err)
		}
	}
	return &Session{a: a, counted: true}
}

// Close ends the session. Its mailboxes are closed by whoever opened them.
func (s *Session) Close() error {
	s.closing.Do(func() {
		s.drop()
		s.a.mu.Lock()
		defer s.a.mu.Unlock()
		if s.counted {
			s.a.sessions--
		}
		if s.piped {
			s.a.piped--
		}
	})
	return nil
}
