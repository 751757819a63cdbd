package backfill

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"crossfade/backfill/strikes"
)

// StrikeLimits are how many failed logins each server may be caused to count. The zero value is no limit.
type StrikeLimits struct {
	Source, Destination strikes.Limits
	Ledger              *strikes.Ledger // of those that were counted before; nil: none are known
}

// guesses are what stands between logins and the servers. Passwords that are known to be wrong, and more failures than a
// server bears, end here.
type guesses struct {
	known       *strikes.Known
	limits      StrikeLimits
	destination string // its host

	mu       sync.Mutex
	counters map[string]*strikes.Counter // by host
}

func newGuesses(l StrikeLimits, destination string) *guesses {
	g := &guesses{known: strikes.NewKnown(), limits: l, destination: destination, counters: make(map[string]*strikes.Counter)}
	g.counters[destination] = l.Ledger.Counter(destination, l.Destination)
	return g
}

// counter is that of a host; all but the destination's are sources.
func (g *guesses) counter(host string) *strikes.Counter {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.counters[host]
	if c == nil {
		c = g.limits.Ledger.Counter(host, g.limits.Source)
		g.counters[host] = c
	}
	return c
}

// guess is a login with a password, from the client's command to the answer.
type guess struct {
	g            *guesses
	user, secret string
	stored       bool        // it is the password that is stored for the account
	likely       bool        // and no server has refused it since
	took         atomic.Bool // one of the servers accepted it
	leave        func()
}

// try begins a login. user is one name for all spellings; stored tells whether the secret is the stored one, and is asked
// after the wait for others who try the same. A password that was refused a short while ago is refused like a wrong one.
func (g *guesses) try(ctx context.Context, user, secret string, stored func() bool) (*guess, error) {
	leave, err := g.known.Enter(ctx, user, secret)
	if err != nil {
		return nil, err
	}
	bad, early := g.known.Bad(user, secret)
	if early {
		leave()
		return nil, &Error{Op: "login", Host: "crossfade", Scope: AccountScope, Patience: Never, Code: "AUTHENTICATIONFAILED", Err: errKnownBad}
	}
	t := &guess{g: g, user: user, secret: secret, stored: stored(), leave: leave}
	t.likely = t.stored && !bad
	return t, nil
}

var (
	errKnownBad = errors.New("this password was refused a short while ago; 'crossfade retry' has the servers asked again")
	// errNoPlace is told to clients.
	errNoPlace = &Refusal{Code: "UNAVAILABLE", Text: "Too many logins have failed here lately; try again in a few minutes"}
)

// strike is asked before a password is tried on a host, and told how that ended. likely passwords are no guesses. If no
// more failures may be caused there it waits for a while, and the error is a *Refusal. told counts once.
func (g *guesses) strike(ctx context.Context, host, login, secret string, likely bool) (told func(error), err error) {
	c, who := g.counter(host), strikes.Try{Name: canonical(login), Network: networkOf(ctx), Pair: g.known.Pair(canonical(login), secret)}
	if likely {
		p := c.Free(who)
		return func(err error) { settle(p, err) }, nil
	}
	p, err := c.Take(ctx, who)
	switch {
	case errors.Is(err, strikes.Full{}):
		return nil, errNoPlace
	case err != nil:
		return nil, err
	}
	return func(err error) { settle(p, err) }, nil
}

// settle tells the counter what a server made of a login.
func settle(p *strikes.Place, err error) {
	switch {
	case err == nil:
		p.Accepted()
	case unasked(err):
		p.Unasked()
	default:
		p.Refused()
	}
}

// unasked tells whether a server cannot have counted a failed login: it was not reached, or it answered something else
// than that the password is wrong. A login that was cut off may have been counted.
func unasked(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Op {
	case "dial", "TLS", "greeting", "STARTTLS":
		return true
	}
	return e.Err == nil && e.Code != "AUTHENTICATIONFAILED"
}

// end takes the login's end: whatever servers were asked, err is what the client is told.
func (t *guess) end(err error) {
	defer t.leave()
	switch {
	case err == nil && !t.stored: // a password that was changed: others may have become right, too
		t.g.known.Forget(t.user)
		t.g.known.Accepted(t.user, t.secret)
	case err == nil:
		t.g.known.Accepted(t.user, t.secret)
	case passwordRefused(err):
		t.g.known.Refused(t.user, t.secret, t.stored || t.took.Load()) // the admin is about to set things right on the other one
	}
}

// forget has passwords that were refused asked about again: a user's, or, if user is "", everybody's. What the servers have
// counted stays counted.
func (g *guesses) forget(user string) {
	if user != "" {
		g.known.Forget(user)
		return
	}
	g.known.ForgetAll()
}
