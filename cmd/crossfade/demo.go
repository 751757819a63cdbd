package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

type demoCmd struct {
	Check bool   `help:"Read everything through the proxy before it has moved, let it move, compare both servers message by message, and end."`
	IMAP  string `name:"imap" default:"127.0.0.1:1143" placeholder:"ADDR:PORT" help:"Where the proxy listens; any free port if this one is taken (default: 127.0.0.1:1143)."`
	Seed  uint64 `default:"1" help:"The made-up mail depends on it (default: 1)."`
}

// demo is a proxy between two servers in memory.
type demo struct {
	old, new *demoServer
	proxy    *stack
	addr     string // where mail clients reach the proxy
	total    int    // messages on the old server
	bytes    int64  // in all of them
	std      std
}

// Run shows the proxy at work, or with --check only proves that it does.
func (c *demoCmd) Run(ctx context.Context, io std) (err error) {
	log, err := newLogger(io.err, "error", "text")
	if err != nil {
		return err
	}
	state, err := os.MkdirTemp("", "crossfade-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(state)) }()
	d, err := c.build(state, io, log)
	if err != nil {
		return err
	}
	if c.Check {
		return d.run(ctx, d.check)
	}
	return d.run(ctx, d.show)
}

// build makes the servers, the mail and the proxy.
func (c *demoCmd) build(state string, io std, log *slog.Logger) (*demo, error) {
	pause := 12 * time.Millisecond // for each message, so that there is something to watch
	if c.Check {
		pause = 0
	}
	d := &demo{std: io}
	folders := makeDemoMail(c.Seed)
	for _, f := range folders {
		d.total += len(f.messages)
		for _, m := range f.messages {
			d.bytes += int64(len(m.body))
		}
	}
	var err error
	if d.old, err = newOldServer(folders, log); err != nil {
		return nil, err
	}
	if d.new, err = newNewServer(pause, log); err != nil {
		return nil, errors.Join(err, d.old.close())
	}
	if err := d.buildProxy(c.IMAP, state, log); err != nil {
		return nil, errors.Join(err, d.old.close(), d.new.close())
	}
	return d, nil
}

func (d *demo) buildProxy(addr, state string, log *slog.Logger) error {
	if !loopback(addr) {
		return usagef("--imap %s: the demo has no certificate, so it listens on this machine only, such as 127.0.0.1:1143", addr)
	}
	source, err := newDriver("source", d.old.url(), false, log)
	if err != nil {
		return err
	}
	destination, err := newDriver("destination", d.new.url(), false, log)
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler) // a key beside a demo's state is no reason to warn
	if d.proxy, err = newStack(stackOptions{source: source, destination: destination, state: state, hold: true, log: quiet}); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil { // somebody else's port: any other will do
		if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return errors.Join(err, d.proxy.close())
		}
	}
	d.addr = ln.Addr().String()
	d.proxy.addIMAP(ln, nil, nil, crowd{})
	return nil
}

// run runs everything while the story is told, then stops it.
func (d *demo) run(ctx context.Context, story func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts errgroup.Group
	part := func(run func() error) {
		parts.Go(func() error {
			defer stop() // whichever ends first takes the others along
			return run()
		})
	}
	for _, s := range []*demoServer{d.old, d.new} {
		part(func() error {
			if err := s.serve(); ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	part(func() error { return d.proxy.run(ctx) })
	part(func() error {
		err := story(ctx)
		stop()
		return err
	})
	<-ctx.Done()
	closing := errors.Join(d.old.close(), d.new.close())
	return errors.Join(parts.Wait(), closing)
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.std.out, format+"\n", args...)
}

// megabytes is a size for people.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
