package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// check is `crossfade demo --check`: everything is read through the proxy while all of it is still on the old
// server, then moved, then both servers are compared.
func (d *demo) check(ctx context.Context) error {
	source, err := readMailbox(ctx, d.old.addr())
	if err != nil {
		return fmt.Errorf("old server: %w", err)
	}
	d.say("old server: %d folders, %d messages, %s", len(source), source.count(), megabytes(d.bytes))
	if source.count() != d.total {
		return fmt.Errorf("the old server shows %d messages of %d", source.count(), d.total)
	}

	seen, err := readMailbox(ctx, d.addr)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	above, err := readMailbox(ctx, d.new.addr())
	if err != nil {
		return fmt.Errorf("new server: %w", err)
	}
	if above.count() != 0 {
		return fmt.Errorf("%d messages have moved although the backfill is held", above.count())
	}
	if err := d.verdict("through the proxy, before anything has moved", source.moved(), seen); err != nil {
		return err
	}

	d.proxy.engine.Release()
	if err := d.wait(ctx, func(progress) {}); err != nil {
		return err
	}
	return d.compare(ctx, source)
}

// compare reads the new server, directly and through the proxy, and compares both with what the old one held.
func (d *demo) compare(ctx context.Context, source mailbox) error {
	dest, err := readMailbox(ctx, d.new.addr())
	if err != nil {
		return fmt.Errorf("new server: %w", err)
	}
	if err := d.verdict("on the new server, after the move", source.moved(), dest); err != nil {
		return err
	}
	seen, err := readMailbox(ctx, d.addr)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if err := d.verdict("through the proxy, after the move", source.moved(), seen); err != nil {
		return err
	}
	again, err := readMailbox(ctx, d.old.addr())
	if err != nil {
		return fmt.Errorf("old server: %w", err)
	}
	return d.verdict("still on the old server", source, again)
}

// verdict compares message by message and says how it went.
func (d *demo) verdict(what string, want, got mailbox) error {
	bad := want.differences(got)
	if len(bad) == 0 {
		d.say("ok: %s: %d messages with equal bytes, flags and dates, each in its folder", what, got.count())
		return nil
	}
	for _, b := range bad[:min(len(bad), 20)] {
		d.say("  %s", b)
	}
	return fmt.Errorf("%s: %d differences", what, len(bad))
}

// progress is how far the demo's account has moved.
type progress struct {
	done, total int
	bytes       int64
}

// wait reports progress until everything has moved.
func (d *demo) wait(ctx context.Context, each func(progress)) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(5 * time.Minute)
	defer late.Stop()
	for {
		c := d.proxy.engine.Status().Total
		p := progress{done: c.Copied + c.Quarantined + c.Whiteouts, total: d.total, bytes: c.CopiedBytes}
		each(p)
		if p.done >= p.total && c.Listed+c.Copying == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("stopped before everything had moved")
		case <-late.C:
			return fmt.Errorf("only %d of %d messages have moved in five minutes", p.done, p.total)
		case <-tick.C:
		}
	}
}
