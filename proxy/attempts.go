package proxy

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// AttemptsOptions say how failed logins are slowed down. The zero value works.
type AttemptsOptions struct {
	// Delay is the least pause after a failed login; it doubles with each further failure under the same name, up to
	// sixteen times itself. The pause is at most twice that. 0: 1 s, negative: none.
	Delay time.Duration
	Burst int           // failures one address may have at once; 0: 100, since offices share one
	Every time.Duration // after which one more failure is allowed; 0: 6 s
	// UserBurst and UserEvery are the same for one name, over all addresses from which its user has not logged in: 20, 1 min.
	UserBurst int
	UserEvery time.Duration
}

// Attempts slows down the guessing of passwords: from one address, from a network of addresses, and under one name. A
// login that succeeds costs nothing. It is safe for concurrent use.
//
// A name that is guessed at from many addresses is not locked: its user goes on from where he has logged in before, and
// from any other address one try an hour is let through, after a pause. Names are not known to exist, so all are counted.
type Attempts struct {
	opts AttemptsOptions

	mu       sync.Mutex
	byAddr   map[netip.Prefix]*rate.Limiter
	byNet    map[netip.Prefix]*rate.Limiter
	byUser   map[string]*guesses
	familiar map[visit]time.Time // last success
	failed   map[visit]time.Time // last failure, by network
}

// guesses are the failures under one name.
type guesses struct {
	limit *rate.Limiter
	row   int // failures in a row
	last  time.Time
}

// visit is a name tried from an address.
type visit struct {
	user string
	from netip.Prefix
}

const (
	// maxRemembered bounds the memory of each kind of record; what is forgotten starts anew.
	maxRemembered = 10_000
	// familiarFor is how long an address is known after a login.
	familiarFor = 30 * 24 * time.Hour
	// strangerEvery is how often a network may try a name that is being guessed at.
	strangerEvery = time.Hour
	// perNetwork is how many times as many failures a network may have as one address of it.
	perNetwork = 4
	// maxDoubled bounds the growing of the pause.
	maxDoubled = 4
)

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
	if opts.UserBurst <= 0 {
		opts.UserBurst = 20
	}
	if opts.UserEvery <= 0 {
		opts.UserEvery = time.Minute
	}
	return &Attempts{opts: opts, byAddr: make(map[netip.Prefix]*rate.Limiter), byNet: make(map[netip.Prefix]*rate.Limiter), byUser: make(map[string]*guesses),
		familiar: make(map[visit]time.Time), failed: make(map[visit]time.Time)}
}

// TooMany is why a login may not be tried now.
type TooMany string

// Error implements error; it is fit to be told to clients.
func (e TooMany) Error() string { return string(e) }

const (
	tooManyHere TooMany = "Too many failed logins from your address; wait a minute"
	tooManyNear TooMany = "Too many failed logins from your network; wait a minute, or try from where you usually log in"
	tooManyName TooMany = "Too many failed logins under this name; try again later, or from where you usually log in"
)

// Admit waits until a login may be tried, if it has to, and is a TooMany if it may not. It returns ctx's error if that
// ends first.
func (a *Attempts) Admit(ctx context.Context, from netip.Prefix, user string) error {
	wait, err := a.judge(fold(user), from, time.Now())
	if err != nil || wait == 0 {
		return err
	}
	if !sleep(ctx, wait) {
		return ctx.Err()
	}
	return nil
}

func (a *Attempts) judge(user string, from netip.Prefix, now time.Time) (wait time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.byUser[user]
	home := now.Sub(a.familiar[visit{user, from}]) < familiarFor
	switch spent := func(l *rate.Limiter) bool { return l != nil && l.TokensAt(now) < 1 }; {
	case spent(a.byAddr[from]):
		return 0, tooManyHere
	case !home && spent(a.byNet[Network(from)]):
		return 0, tooManyNear
	case home || g == nil || g.limit.TokensAt(now) >= 1:
		return 0, nil
	case now.Sub(a.failed[visit{user, Network(from)}]) < strangerEvery:
		return 0, tooManyName
	}
	return a.pause(maxDoubled - 1), nil
}

// pause is a random one, doubled so many times.
func (a *Attempts) pause(doubled int) time.Duration {
	if a.opts.Delay <= 0 {
		return 0
	}
	d := a.opts.Delay << min(doubled, maxDoubled)
	return d + rand.N(d)
}

// Succeeded remembers where a user logs in from.
func (a *Attempts) Succeeded(from netip.Prefix, user string) {
	v := visit{fold(user), from}
	a.mu.Lock()
	defer a.mu.Unlock()
	if g := a.byUser[v.user]; g != nil {
		g.row = 0
	}
	forget(a.familiar, func(last time.Time) bool { return time.Since(last) > familiarFor })
	a.familiar[v] = time.Now()
	delete(a.failed, visit{v.user, Network(from)})
}

// Failed counts a failed login and waits for a while, or until ctx ends.
func (a *Attempts) Failed(ctx context.Context, from netip.Prefix, user string) {
	if wait := a.count(fold(user), from, time.Now()); wait > 0 {
		sleep(ctx, wait)
	}
}

func (a *Attempts) count(user string, from netip.Prefix, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	spend(a.byAddr, from, now, a.opts.Every, a.opts.Burst)
	spend(a.byNet, Network(from), now, a.opts.Every/perNetwork, a.opts.Burst*perNetwork)
	g := a.byUser[user]
	if g == nil {
		forget(a.byUser, func(g *guesses) bool { return g.limit.TokensAt(now) >= float64(a.opts.UserBurst) })
		g = &guesses{limit: rate.NewLimiter(rate.Every(a.opts.UserEvery), a.opts.UserBurst)}
		a.byUser[user] = g
	}
	if now.Sub(g.last) > strangerEvery {
		g.row = 0
	}
	if now.Sub(a.familiar[visit{user, from}]) >= familiarFor { // a phone with an old password does not speak for strangers
		g.limit.AllowN(now, 1)
	}
	g.last = now
	wait := a.pause(g.row)
	g.row++
	forget(a.failed, func(last time.Time) bool { return now.Sub(last) > strangerEvery })
	a.failed[visit{user, Network(from)}] = now
	return wait
}

// spend counts a failure of an address or a network.
func spend(m map[netip.Prefix]*rate.Limiter, from netip.Prefix, now time.Time, every time.Duration, burst int) {
	l := m[from]
	if l == nil {
		forget(m, func(l *rate.Limiter) bool { return l.TokensAt(now) >= float64(burst) })
		l = rate.NewLimiter(rate.Every(every), burst)
		m[from] = l
	}
	l.AllowN(now, 1)
}

// forget makes room in a full record: what does not matter any more goes, or else any tenth.
func forget[K comparable, V any](m map[K]V, over func(V) bool) {
	if len(m) < maxRemembered {
		return
	}
	for k, v := range m {
		if over(v) || len(m) > maxRemembered*9/10 {
			delete(m, k)
		}
	}
}

// fold makes one name of the spellings that servers take for one. Longer names than any server has share a record.
func fold(user string) string {
	user = strings.ToLower(strings.TrimSpace(user))
	return user[:min(len(user), 256)]
}

// Network is what a guesser easily has many addresses of: an IPv4 /24, an IPv6 /48.
func Network(from netip.Prefix) netip.Prefix {
	bits := 48
	if from.Addr().Is4() {
		bits = 24
	}
	p, err := from.Addr().Prefix(bits)
	if err != nil {
		return from
	}
	return p
}
