package proxy

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// AttemptsOptions say how failed logins are slowed down. The zero value works.
type AttemptsOptions struct {
	Delay time.Duration // least pause after a failed login, the most is twice that; 0: 1 s, negative: none
	Burst int           // failures one address may have at once; 0: 100, since offices share one
	Every time.Duration // after which one more failure is allowed; 0: 6 s
}

// Attempts slows down the guessing of passwords. A successful login costs nothing. It is safe for concurrent
// use.
type Attempts struct {
	opts AttemptsOptions

	mu     sync.Mutex
	byAddr map[netip.Prefix]*rate.Limiter
}

// maxAddresses bounds the memory for addresses that failed; a forgotten address starts anew.
const maxAddresses = 10_000

// NewAttempts makes the record of failed logins, one for all listeners of a process.
func NewAttempts(opts AttemptsOptions) *Attempts {
	if opts.Delay == 0 {
		opts.Delay = time.Second
	}
	if opts.Burst <= 0 {
		opts.Burst = 100
	}
	if opts.Every <= 0 {
		opts.Every = 6 * time.Second
	}
	return &Attempts{opts: opts, byAddr: map[netip.Prefix]*rate.Limiter{}}
}

// Allowed tells whether a login from this address may be tried now.
func (a *Attempts) Allowed(from netip.Prefix) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.byAddr[from]
	return l == nil || l.Tokens() >= 1
}

// Failed counts a failed login and waits for a while, or until ctx ends.
func (a *Attempts) Failed(ctx context.Context, from netip.Prefix) {
	a.count(from)
	if a.opts.Delay > 0 {
		sleep(ctx, a.opts.Delay+rand.N(a.opts.Delay))
	}
}

func (a *Attempts) count(from netip.Prefix) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.byAddr[from]
	if l == nil {
		if len(a.byAddr) >= maxAddresses {
			a.forget()
		}
		l = rate.NewLimiter(rate.Every(a.opts.Every), a.opts.Burst)
		a.byAddr[from] = l
	}
	l.Allow()
}

// forget drops the addresses that have recovered, or else any tenth.
func (a *Attempts) forget() {
	for p, l := range a.byAddr {
		if l.Tokens() >= float64(a.opts.Burst) || len(a.byAddr) > maxAddresses*9/10 {
			delete(a.byAddr, p)
		}
	}
}
