package imap

import (
	"context"
	"strings"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

const (
	// idleFor is how long one IDLE lasts: servers may hang up after half an hour (RFC 2177).
	idleFor = 25 * time.Minute
	// doneFor is how long the end of an IDLE may take: a host that has gone silent must hold nobody up.
	doneFor = 10 * time.Second
	// leaveFor is how long a DELETE or RENAME waits for the end of an IDLE.
	leaveFor = 2 * time.Second
	// idleShare: at most this part of the host's connections waits in IDLE.
	idleShare = 4
)

// Listen implements backfill.Listener with IDLE (RFC 2177).
func (a *account) Listen(ctx context.Context, box string, told func()) error {
	if !a.features.Caps.Has(goimap.CapIdle) || !a.d.pool.listen(a) {
		return &backfill.Error{Op: "IDLE", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Later, Err: backfill.ErrNotOffered}
	}
	defer a.d.pool.unlisten(a)
	whole := ctx
	ctx, yield := context.WithCancel(ctx)
	defer yield()
	defer a.d.pool.yields(a, &listener{box: box, yield: yield, ended: make(chan struct{})})()
	quiet := context.WithoutCancel(ctx) // the end of ctx ends the IDLE, not the connection
	err := a.do(quiet, need{op: "IDLE", box: box, reselect: true}, func(c *conn) error {
		told() // what came before
		for ctx.Err() == nil {
			if err := c.idle(ctx); err != nil {
				return err
			}
			if ctx.Err() == nil {
				c.news = news{}
				told()
			}
		}
		c.selected = false // what was told here is not known to those who poll
		return nil
	})
	switch {
	case err != nil:
	case whole.Err() != nil:
		err = context.Cause(whole)
	default:
		err = &backfill.Error{Op: "IDLE", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Later, Err: backfill.ErrNotOffered}
	}
	return err
}

// idle waits until the server tells something new about the selected mailbox, ctx ends, or it is time to ask again.
func (c *conn) idle(ctx context.Context) error {
	tag := c.begin()
	_, _ = c.wire.WriteString("IDLE")
	if err := c.send(); err != nil {
		return err
	}
	if err := c.waitGoOn(tag, handler{}); err != nil {
		if no, ok := err.(*refusal); ok {
			return c.refused("IDLE", no.st, backfill.FolderScope)
		}
		return err
	}
	patience := c.a.d.opts.Timeout
	c.wire.Timeouts(idleFor+patience, patience)
	defer c.wire.Timeouts(patience, patience)
	var once sync.Once
	done := func() {
		once.Do(func() {
			_, _ = c.wire.WriteString("DONE") // an error shows where the answer is waited for
			c.wire.CRLF()
			_ = c.wire.Flush()
			c.wire.Hurry(min(patience, doneFor)) // the read that waits would have gone on for the whole IDLE
		})
	}
	defer once.Do(func() {}) // nothing may be sent from then on but by us, or by whom the connection is given to
	timer := time.AfterFunc(idleFor, done)
	stop := context.AfterFunc(ctx, done)
	defer timer.Stop()
	defer stop()
	for {
		ev, err := c.step(handler{})
		if err != nil {
			return err
		}
		if ev.kind == evTagged && ev.tag == tag {
			if !ev.st.ok() {
				return c.refused("IDLE", ev.st, backfill.FolderScope)
			}
			return nil
		}
		if c.news.new || c.news.gone || c.news.flags {
			done()
		}
	}
}

// listen reserves the right to keep a connection in IDLE: one for each account, if that leaves others their own.
func (p *pool) listen(a *account) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	host, account := p.most(&a.use)
	if a.use.closed || a.use.listening > 0 || account < 3 || p.listening >= host/idleShare {
		return false
	}
	a.use.listening++
	p.listening++
	return true
}

// listener is an account's IDLE.
type listener struct {
	box   string
	yield func()        // ends it
	ended chan struct{} // closed when it has ended, and its connection was given back
}

// yields remembers how an account's IDLE is ended when somebody needs its connection.
func (p *pool) yields(a *account, l *listener) (forget func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners[a] = l
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.listeners, a)
		close(l.ended)
	}
}

// endIdle ends the account's IDLE in a mailbox that is about to be deleted or renamed, or in one below it, and waits for
// that for a moment.
func (a *account) endIdle(ctx context.Context, box string) {
	a.d.pool.mu.Lock()
	l := a.d.pool.listeners[a]
	a.d.pool.mu.Unlock()
	if l == nil || !strings.HasPrefix(l.box, box) {
		return
	}
	l.yield()
	select {
	case <-l.ended:
	case <-time.After(leaveFor):
	case <-ctx.Done():
	}
}

// hush ends an IDLE because there is no connection for something else: the account's own, if it has as many connections as
// it may, else anybody's. The caller holds mu; what ends it only sends, over a connection of its own.
func (p *pool) hush(a *account, own bool) {
	if l := p.listeners[a]; l != nil {
		go l.yield()
		return
	}
	for _, l := range p.listeners {
		if !own {
			go l.yield()
			return
		}
	}
}

func (p *pool) unlisten(a *account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.use.listening--
	p.listening--
}
