package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// GateOptions are the limits of a Gate. The zero value works.
type GateOptions struct {
	Total      int           // connections at once; 0: 20,000
	PerAddress int           // connections at once from one address (IPv6: one /64); 0: 2,000, since offices share one
	Drain      time.Duration // how long connections may go on after the end was asked for; 0: 10 s
	// Refuse tells a client that there are too many connections, and of what. It must not wait long. Nil: nothing is said.
	Refuse func(net.Conn, Full)
	Logger *slog.Logger // nil: slog.Default()
}

// Full says which limit a connection met.
type Full int

// NotFull lets a connection in.
const (
	NotFull     Full = iota
	FullAll          // Total
	FullAddress      // PerAddress
)

func (o GateOptions) orDefaults() GateOptions {
	if o.Total <= 0 {
		o.Total = 20_000
	}
	if o.PerAddress <= 0 {
		o.PerAddress = 2_000
	}
	if o.Drain <= 0 {
		o.Drain = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Gate lets connections in, of one or several listeners, up to its limits. It is safe for concurrent use.
type Gate struct {
	opts GateOptions

	mu     sync.Mutex
	total  int
	byAddr map[netip.Prefix]int

	refused atomic.Int64
}

// NewGate makes a gate.
func NewGate(opts GateOptions) *Gate {
	return &Gate{opts: opts.orDefaults(), byAddr: map[netip.Prefix]int{}}
}

// Handler serves one connection, which the gate closes afterwards. drain ends when the connection should take
// its leave; ctx ends when it must.
type Handler func(ctx, drain context.Context, conn net.Conn)

// Serve accepts connections until ctx ends or the listener fails. It closes the listener, asks all connections
// to take their leave, cuts those that have not after the drain time, and returns when all are gone.
func (g *Gate) Serve(ctx context.Context, ln net.Listener, handle Handler) error {
	draining, drain := context.WithCancel(ctx)
	defer drain()
	hard, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()

	var conns errgroup.Group
	err := g.accept(ctx, ln, func(c net.Conn, leave func()) {
		conns.Go(func() error {
			defer leave()
			defer c.Close()
			end := context.AfterFunc(hard, func() { _ = c.Close() })
			defer end()
			handle(hard, draining, c)
			return nil
		})
	})
	_ = ln.Close()
	drain()
	timer := time.AfterFunc(g.opts.Drain, cut)
	defer timer.Stop()
	return errors.Join(err, conns.Wait())
}

// accept hands out connections until the listener is closed.
func (g *Gate) accept(ctx context.Context, ln net.Listener, each func(c net.Conn, leave func())) error {
	var pause time.Duration
	for {
		c, err := ln.Accept()
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of file descriptors, or the client was gone already
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			g.opts.Logger.Warn("accept failed", "err", err, "pause", pause)
			if !sleep(ctx, pause) {
				return nil
			}
			continue
		}
		pause = 0
		from := Address(c)
		if full := g.enter(from); full != NotFull {
			if g.opts.Refuse != nil {
				g.opts.Refuse(c, full)
			}
			_ = c.Close()
			g.refused.Add(1)
			g.opts.Logger.Warn("too many connections", "client", from.String(), "from_its_address", full == FullAddress)
			continue
		}
		each(c, func() { g.leave(from) })
	}
}

func (g *Gate) enter(from netip.Prefix) Full {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.byAddr[from] >= g.opts.PerAddress:
		return FullAddress
	case g.total >= g.opts.Total:
		return FullAll
	}
	g.total++
	g.byAddr[from]++
	return NotFull
}

func (g *Gate) leave(from netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.byAddr[from]--; g.byAddr[from] <= 0 {
		delete(g.byAddr, from)
	}
}

// Connections is the number of connections at present.
func (g *Gate) Connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

// Refused is the number of connections that were sent away since the gate was made.
func (g *Gate) Refused() int64 { return g.refused.Load() }

// Address is what limits count by: the peer's IPv4 address, or its IPv6 /64, which is what one customer gets.
// A peer without an address (a pipe in a test) is the invalid prefix.
func Address(c net.Conn) netip.Prefix {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// IsLoopback tells whether both ends of the connection are on this very machine, where plain text is heard by
// nobody else.
func IsLoopback(c net.Conn) bool {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// sleep waits, and tells whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
