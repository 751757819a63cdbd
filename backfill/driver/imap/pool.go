package imap

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"crossfade/backfill"
)

var errClosed = errors.New("the account has been closed")

// pool counts the connections to one host. Nothing is sent or received while mu is held.
type pool struct {
	opts Options

	mu      sync.Mutex
	idle    []*conn // longest unused first
	open    int     // idle, in use, or being opened
	bg      int     // in use by background work
	changed chan struct{}
}

// usage is one account's part of the pool.
type usage struct {
	open, busy, bg int
	closed         bool
}

// want says which connection would suit best.
type want struct {
	box   string // with this mailbox selected; "" any
	write bool   // by SELECT
	fresh bool   // newly opened
}

func newPool(o Options) *pool { return &pool{opts: o, changed: make(chan struct{})} }

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
	if u.busy >= p.opts.PerAccount || bg && (u.bg >= max(1, p.opts.PerAccount/2) || p.bg >= max(1, p.opts.PerHost/2)) {
		return grant{wait: p.changed}, nil
	}
	var g grant
	own := func(c *conn) bool { return c.a == a }
	blank := func(c *conn) bool { return c.a == a && !c.selected }
	suits := func(c *conn) bool { return c.a == a && c.selected && c.box == w.box && (c.writable || !w.write) }
	enough := u.open >= max(1, p.opts.PerAccount/2)
	switch {
	case !w.fresh && w.box != "" && p.unidle(suits, &g.c):
	case !w.fresh && p.unidle(blank, &g.c):
	case !w.fresh && (enough || w.box == "") && p.unidle(own, &g.c):
	case u.open < p.opts.PerAccount && p.open < p.opts.PerHost:
	case !w.fresh && p.unidle(own, &g.c):
	case u.open >= p.opts.PerAccount && p.unidle(own, &g.victim), p.open >= p.opts.PerHost && p.oldest(&g.victim):
		p.drop(g.victim.a)
	default:
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
}

// give ends a reservation. c is nil if no connection came of it. It returns false if c must be closed.
func (p *pool) give(a *account, c *conn, bg bool) (kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.use.busy--
	if bg {
		a.use.bg--
		p.bg--
	}
	if c == nil || c.broken != nil || a.use.closed {
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

// leave takes the account's idle connections out that have a mailbox selected whose name begins with box:
// servers hang up on those who have a mailbox open that is deleted.
func (p *pool) leave(a *account, box string) (left []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var c *conn
	for p.unidle(func(o *conn) bool { return o.a == a && strings.HasPrefix(o.box, box) }, &c) {
		p.drop(a)
		left = append(left, c)
	}
	return left
}

// acquire returns a connection, waiting for one to be free. The caller gives it back with release.
func (a *account) acquire(ctx context.Context, w want) (*conn, error) {
	bg := backfill.IsBackground(ctx)
	for {
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
			return a.open(ctx, bg)
		}
		select {
		case <-g.wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// open fills a reservation with a new connection, or ends it.
func (a *account) open(ctx context.Context, bg bool) (*conn, error) {
	err := a.d.health.ready(ctx)
	if err == nil {
		var c *conn
		if c, err = a.dial(ctx); err == nil {
			a.d.health.note(nil)
			return c, nil
		}
		a.d.health.note(err)
	}
	a.d.pool.give(a, nil, bg)
	return nil, err
}

func (a *account) release(ctx context.Context, c *conn) {
	c.rest()
	if !a.d.pool.give(a, c, backfill.IsBackground(ctx)) {
		c.close()
	}
}
