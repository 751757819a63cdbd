package imap

import (
	"context"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

const (
	// idleFor is how long one IDLE lasts: servers may hang up after half an hour (RFC 2177).
	idleFor = 25 * time.Minute
	// idleShare: at most this part of the host's connections waits in IDLE.
	idleShare = 4
)

// Listen implements backfill.Listener with IDLE (RFC 2177).
func (a *account) Listen(ctx context.Context, box string, told func()) error {
	if !a.features.Caps.Has(goimap.CapIdle) || !a.d.pool.listen(a) {
		return &backfill.Error{Op: "IDLE", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Later, Err: backfill.ErrNotOffered}
	}
	defer a.d.pool.unlisten(a)
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
	if err == nil {
		err = context.Cause(ctx)
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
		})
	}
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
			once.Do(func() {}) // nothing may be sent from here on but by us
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

func (p *pool) unlisten(a *account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.use.listening--
	p.listening--
}
