package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// show is `crossfade demo`: it tells how to look at the mailbox with a mail client, moves it, and compares. On a
// terminal it then stays until it is interrupted.
func (d *demo) show(ctx context.Context) error {
	source, err := readMailbox(ctx, d.old.addr())
	if err != nil {
		return fmt.Errorf("old server: %w", err)
	}
	host, port, err := net.SplitHostPort(d.addr)
	if err != nil {
		return err
	}
	d.say("Two made-up mail servers are running. The old one, %s, holds %d messages (%s) in %d folders; the new one, %s, is empty.",
		d.old.addr(), d.total, megabytes(d.bytes), len(source), d.new.addr())
	d.say("Crossfade stands in front of both. Point a mail client at it and you see the whole mailbox, now and while it moves:\n")
	d.say("  IMAP server %s   port %s   no encryption (this machine only)\n  user %s   password %s\n", host, port, demoUser, demoPass)
	seen, err := readMailbox(ctx, d.addr) // the first login enrols the account; it has not moved yet
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if err := d.verdict("through the proxy, before anything has moved", source.moved(), seen); err != nil {
		return err
	}
	d.proxy.engine.Release()
	bar := newBar(d.std.out)
	err = d.wait(ctx, bar.show)
	bar.end()
	if err != nil {
		d.say("%v", err)
		return nil // interrupted: that is a fine way to end a demo
	}
	if err := d.compare(ctx, source); err != nil {
		d.say("(What a mail client changed meanwhile shows up here too.)")
		return err
	}
	if bar.terminal {
		d.say("The proxy goes on until you press Ctrl-C.")
		<-ctx.Done()
	}
	return nil
}

// bar shows progress: one line that is drawn again on a terminal, a line for every tenth elsewhere.
type bar struct {
	out      io.Writer
	terminal bool
	tenths   int
}

func newBar(out io.Writer) *bar {
	b := &bar{out: out, tenths: -1}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

func (b *bar) show(p progress) {
	text := fmt.Sprintf("%d of %d messages moved, %s", p.done, p.total, megabytes(p.bytes))
	tenths := 10 * p.done / max(1, p.total)
	switch {
	case b.terminal:
		full := min(40, 40*p.done/max(1, p.total))
		fmt.Fprintf(b.out, "\r[%s%s] %s ", strings.Repeat("#", full), strings.Repeat(".", 40-full), text)
	case tenths > b.tenths:
		fmt.Fprintln(b.out, text)
	}
	b.tenths = max(b.tenths, tenths)
}

func (b *bar) end() {
	if b.terminal {
		fmt.Fprintln(b.out)
	}
}
