package imap

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/pace"
)

var errClosed = errors.New("the account has been closed")

// pool counts the connections to one host. Nothing is sent or received while mu is held.
type pool struct {
	opts Options

	mu   sync.Mutex
	idle []*conn // longest unused first
	open int     // idle, in use, or being opened
	bg   int     // in use by background work
	// listening is how many wait in IDLE.
	listening int
	listeners map[*account]*listener
	changed   chan struct{}
	pace      *pace.Host
}

// usage is one account's part of the pool.
type usage struct {
	open, busy, bg int
	long           int // of busy, as fast as a client reads
	listening      int // of busy, in IDLE
	closed         bool
	removed        int       // mailboxes that were deleted or renamed: older connections are not used again
	removedAt      time.Time // the last of these
	most           int       // connections that the server lets the account have; 0: not known
	mostUntil      time.Time // when it may be more again
}

// crowdTime is how long a limit that a server has for each account is believed.
const crowdTime = 10 * time.Minute

// want says which connection would suit best.
type want struct {
	box   string // with this mailbox selected; "" any
	apart string // not with this one selected
	write bool   // by SELECT
	fresh bool   // newly opened
	login bool   // to prove the credentials
	long  bool   // for as long as a client takes to read
}

func newPool(o Options, h *pace.Host) *pool {
	return &pool{opts: o, listeners: make(map[*account]*listener), changed: make(chan struct{}), pace: h}
}

// most is how many connections there may be to the host, and how many of an account; the caller holds mu.
func (p *pool) most(u *usage) (host, account int) {
	host, account = p.opts.PerHost, p.opts.PerAccount
	if n := p.pace.Connections(); n > 0 {
		host = min(host, n)
	}
	if u.most > 0 && time.Now().Before(u.mostUntil) {
		account = min(account, u.most)
	}
	return host, account
}

// crowd takes that the server lets an account have no more connections than it has. It returns false if that is none.
func (p *pool) crowd(a *account) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.use.open <= 1 { // the one that was refused is counted still
		return false
	}
	a.use.most, a.use.mostUntil = a.use.open-1, time.Now().Add(crowdTime)
	return true
}

// others tells whether there are more connections than the one that is just being opened.
func (p *pool) others() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open > 1
}

// grant is the pool's answer: a connection, or leave to open one (both nil), or a channel to wait for.
type grant struct {
	c      *conn
	wait   <-chan struct{}
	victim *conn // to be closed, to make room
}

// take reserves a connection for the account.
func (p *pool) take(a *account, w want, bg bool) (grant, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := &a.use
	if u.closed {
		return grant{}, errClosed
	}
	perHost, perAccount := p.most(u)
	// Slow readers leave a connection for what is answered at once.
	slow := w.long && u.long > 0 && u.long+u.bg >= perAccount-1
	if slow || u.busy >= perAccount || bg && (u.bg >= max(1, perAccount/2) || p.bg >= max(1, perHost/2) || u.long > 0 && u.long+u.bg >= perAccount-1) {
		if u.busy >= perAccount {
			p.hush(a, true)
		}
		return grant{wait: p.changed}, nil
	}
	var g grant
	own := func(c *conn) bool { return c.a == a }
	apart := func(c *conn) bool { return c.a == a && (w.apart == "" || c.box != w.apart) }
	blank := func(c *conn) bool { return c.a == a && !c.selected }
	suits := func(c *conn) bool { return c.a == a && c.selected && c.box == w.box && (c.writable || !w.write) }
	enough := u.open >= max(1, perAccount/2)
	switch {
	case !w.fresh && w.box != "" && p.unidle(suits, &g.c):
	case !w.fresh && p.unidle(blank, &g.c):
	case !w.fresh && (enough || w.box == "") && p.unidle(apart, &g.c):
	case u.open < perAccount && p.open < perHost:
	case !w.fresh && p.unidle(own, &g.c):
	case u.open >= perAccount && p.unidle(own, &g.victim), p.open >= perHost && p.oldest(&g.victim):
		p.drop(g.victim.a)
	default:
		p.hush(a, p.open < perHost)
		return grant{wait: p.changed}, nil
	}
	if g.c == nil {
		p.open++
		u.open++
	}
	u.busy++
	if bg {
		u.bg++
		p.bg++
	}
	if w.long {
		u.long++
	}
	p.pace.Opened(p.open, p.bg)
	return g, nil
}

// unidle takes the idle connection that was used last among those that suit.
func (p *pool) unidle(suits func(*conn) bool, into **conn) bool {
	for i := len(p.idle) - 1; i >= 0; i-- {
		if suits(p.idle[i]) {
			*into = p.remove(i)
			return true
		}
	}
	return false
}

// oldest takes the idle connection that has not been used for longest, whosever it is.
func (p *pool) oldest(into **conn) bool {
	if len(p.idle) == 0 {
		return false
	}
	*into = p.remove(0)
	return true
}

func (p *pool) remove(i int) *conn {
	c := p.idle[i]
	p.idle = slices.Delete(p.idle, i, i+1)
	if c.timer != nil {
		c.timer.Stop()
	}
	return c
}

func (p *pool) drop(a *account) {
	p.open--
	a.use.open--
	p.pace.Opened(p.open, p.bg)
}

// give ends a reservation. c is nil if no connection came of it. It returns false if c must be closed.
func (p *pool) give(a *account, c *conn, bg, long bool) (kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.use.busy--
	if long {
		a.use.long--
	}
	if bg {
		a.use.bg--
		p.bg--
	}
	perHost, perAccount := p.most(&a.use)
	if c == nil || c.broken != nil || a.use.closed || c.removed != a.use.removed || p.open > perHost || a.use.open > perAccount {
		p.drop(a)
	} else {
		kept = true
		c.used = time.Now()
		c.timer = time.AfterFunc(p.opts.IdleTimeout, func() { p.expire(c) })
		p.idle = append(p.idle, c)
	}
	close(p.changed)
	p.changed = make(chan struct{})
	return kept
}

// expire closes a connection that nobody wanted for a long time.
func (p *pool) expire(c *conn) {
	p.mu.Lock()
	var found *conn
	if p.unidle(func(o *conn) bool { return o == c }, &found) {
		p.drop(c.a)
		close(p.changed)
		p.changed = make(chan struct{})
	}
	p.mu.Unlock()
	if found != nil {
		found.logout()
	}
}

// closeAccount forgets the account and returns its idle connections.
func (p *pool) closeAccount(a *account) (idle []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.use.closed = true
	var c *conn
	for p.unidle(func(o *conn) bool { return o.a == a }, &c) {
		p.drop(a)
		idle = append(idle, c)
	}
	close(p.changed)
	p.changed = make(chan struct{})
	return idle
}

// leave takes the account's idle connections out before a mailbox is deleted or renamed, and has those at work closed
// afterwards. Servers hang up on those who have the mailbox open, and a Dovecot that had it open a moment ago takes the next
// one of that name for it.
func (p *pool) leave(a *account) (left []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.use.removed++
	a.use.removedAt = time.Now()
	var c *conn
	for p.unidle(func(o *conn) bool { return o.a == a }, &c) {
		p.drop(a)
		left = append(left, c)
	}
	return left
}

// removedFor is how long a server may take an earlier mailbox for the one that has its name now.
const removedFor = 30 * time.Second

// removedLately tells whether the account has just deleted or renamed a mailbox.
func (p *pool) removedLately(a *account) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return a.use.removed > 0 && time.Since(a.use.removedAt) < removedFor
}

// opened notes when a new connection was made.
func (p *pool) opened(a *account, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.removed = a.use.removed
}

// acquire returns a connection, waiting for one to be free. The caller gives it back with release.
func (a *account) acquire(ctx context.Context, w want) (*conn, error) {
	bg := backfill.IsBackground(ctx)
	waits := func() {}
	defer func() { waits() }()
	for first := true; ; first = false {
		if !first && !bg {
			waits()
			waits = a.d.pace.ClientWaits()
		}
		g, err := a.d.pool.take(a, w, bg)
		if err != nil {
			return nil, err
		}
		if g.victim != nil {
			g.victim.logout()
		}
		if g.c != nil {
			return g.c, nil
		}
		if g.wait == nil {
			c, again, err := a.open(ctx, w, bg)
			if again {
				continue
			}
			return c, err
		}
		if err := a.d.queue(ctx, g.wait); err != nil {
			return nil, err
		}
	}
}

// open fills a reservation with a new connection, or ends it. again: the server lets in no more, one that is open
// must be waited for.
func (a *account) open(ctx context.Context, w want, bg bool) (c *conn, again bool, err error) {
	defer func() {
		if err != nil {
			a.d.pool.give(a, nil, bg, w.long)
		}
	}()
	if err := a.d.bars.check(a); err != nil && !w.login {
		return nil, false, err
	}
	if err := a.d.pace.Knock(ctx, bg); err != nil {
		return nil, false, err
	}
	c, err = a.dial(ctx)
	again = a.knocked(err)
	var e *backfill.Error
	switch {
	case err == nil:
		a.d.bars.lift(a)
		a.d.pool.opened(a, c)
	case errors.As(err, &e) && e.Code == "AUTHENTICATIONFAILED" && !w.login:
		a.d.bars.refused(a, err)
	}
	return c, again, err
}

func (a *account) release(ctx context.Context, c *conn) {
	c.rest()
	if !a.d.pool.give(a, c, backfill.IsBackground(ctx), c.long) {
		c.close()
	}
}
