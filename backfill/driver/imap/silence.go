package imap

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"crossfade/backfill"
)

// A host that falls silent closes nothing: every wait for it would last as long as the longest that a living host may think
// for (Options.Timeout). A client is not kept waiting for so long (Options.Silence), and who works in the background is:
//
//	                                     a client waits             in the background
//	an answer that goes on coming        for ever                   for ever
//	no byte, the host greets others      Timeout                    Timeout
//	no byte, it greets nobody            Silence                    Timeout
//	no byte to APPEND, COPY, MOVE        Timeout                    Timeout
//	NOOP on a connection that rested     a third of Silence         Timeout
//	a connection to be free, it greets   for ever                   for ever
//	the same, it greets nobody           Silence                    for ever
//	connection and greeting              two thirds of Silence      DialTimeout, Timeout
//	the same, silent a moment ago        a third of Silence         DialTimeout, Timeout
//	somebody who waits for the host      as for a free connection   for ever
//
// What must not be done twice is waited for: a host that comes back carries out what it had been sent, and a message that
// is there twice is worse than a wait. So it is for the background: it can wait, and a batch that was cut off has to be looked for.

// errSilent is a host that says nothing to anybody.
var errSilent = errors.New("the host has fallen silent")

// pulse is what is known of whether the host is there at all.
type pulse struct {
	mu     sync.Mutex
	silent time.Time     // when it was found silent; zero if it has greeted somebody since
	asked  time.Time     // when it was asked for a greeting last
	alive  bool          // whether it gave one
	asking chan struct{} // closed when the question that is under way is answered; nil: there is none
}

// third is the share of Silence that a quick answer may take.
func (d *Driver) third() time.Duration { return max(1, d.opts.Silence/3) }

// silentLately tells whether the host was found silent a moment ago, and nobody was greeted since.
func (d *Driver) silentLately() bool {
	d.pulse.mu.Lock()
	defer d.pulse.mu.Unlock()
	return !d.pulse.silent.IsZero() && time.Since(d.pulse.silent) < d.opts.Silence
}

// hears notes how an attempt to be greeted went.
func (d *Driver) hears(step string, err error) {
	d.pulse.mu.Lock()
	defer d.pulse.mu.Unlock()
	var no *backfill.Error
	var timeout net.Error
	switch {
	case err == nil, step == "greeting" && errors.As(err, &no): // a refusal is an answer
		d.pulse.silent = time.Time{}
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		d.pulse.silent = time.Now()
	}
}

// reachTimes are how long a new connection may take, and then its greeting.
func (d *Driver) reachTimes(ctx context.Context) (dial, greet time.Duration) {
	if backfill.IsBackground(ctx) {
		return d.opts.DialTimeout, d.opts.Timeout
	}
	greet = d.Silence()
	return min(d.opts.DialTimeout, greet), greet
}

// awake asks a connection that has rested whether it lives.
func (c *conn) awake(ctx context.Context) error {
	if !backfill.IsBackground(ctx) {
		c.wire.Timeouts(c.a.d.third(), c.a.d.third())
		defer c.wire.Timeouts(c.a.d.opts.Timeout, c.a.d.opts.Timeout)
	}
	_, err := c.command(handler{}, "NOOP")
	return err
}

// queue waits until a connection may be free. A client does not wait for those that a silent host holds.
func (d *Driver) queue(ctx context.Context, free <-chan struct{}) error {
	for {
		var late <-chan time.Time
		if !backfill.IsBackground(ctx) {
			_, after := d.reachTimes(ctx)
			late = time.After(after)
		}
		select {
		case <-free:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late:
			if !d.Alive(ctx) && ctx.Err() == nil {
				return &wireError{errSilent}
			}
		}
	}
}

// guard ends a client's wait on a connection when the host has fallen silent. hush ends the guard.
func (d *Driver) guard(ctx context.Context, c *conn) (hush func()) {
	if backfill.IsBackground(ctx) {
		return func() {}
	}
	limit := d.Silence()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var mu sync.Mutex // held while the timer is set
	var timer *time.Timer
	look := func() {
		quiet := c.wire.Waits()
		if quiet >= limit {
			alive := d.Alive(ctx)
			quiet = 0
			mu.Lock()
			defer mu.Unlock()
			switch {
			case ctx.Err() != nil:
				return
			case !alive && c.wire.Waits() >= limit:
				c.wire.Interrupt(errSilent)
				return
			}
		} else {
			mu.Lock()
			defer mu.Unlock()
		}
		if ctx.Err() == nil {
			timer.Reset(limit - quiet)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(limit, look)
	return func() {
		cancel()
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
	}
}

// Silence implements backfill.Greeter. To ask then takes up to another third.
func (d *Driver) Silence() time.Duration {
	if d.silentLately() {
		return d.third()
	}
	return 2 * d.third()
}

// Alive tells whether the host greets a new connection. Those who want to know at the same time ask once, and for a
// while the answer holds.
func (d *Driver) Alive(ctx context.Context) bool {
	p := d.pulse
	p.mu.Lock()
	if p.asking == nil && !p.asked.IsZero() && time.Since(p.asked) < d.third() {
		defer p.mu.Unlock()
		return p.alive
	}
	if p.asking == nil {
		p.asking = make(chan struct{})
		go d.ask(context.WithoutCancel(ctx))
	}
	asking := p.asking
	p.mu.Unlock()
	select {
	case <-asking:
	case <-ctx.Done():
		return true // nobody wants to know any more
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alive
}

// ask sees whether the host greets, whatever it says then.
func (d *Driver) ask(ctx context.Context) {
	c, step, err := d.reach(ctx, &account{d: d}, d.third(), d.third())
	if err == nil {
		step = "greeting"
		_, err = c.greeting()
		c.logout()
	}
	d.hears(step, err)
	var no *backfill.Error
	p := d.pulse
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive = err == nil || errors.As(err, &no)
	p.asked = time.Now()
	close(p.asking)
	p.asking = nil
}
