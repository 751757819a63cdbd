package backfill

import (
	"context"
	"net/netip"
)

type backgroundKey struct{}

// WithBackground marks work that nobody waits for. Drivers keep at least half of their connections for the
// rest, and let background work wait for a server that is down where other calls fail at once.
func WithBackground(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// IsBackground tells whether WithBackground marked ctx.
func IsBackground(ctx context.Context) bool {
	b, _ := ctx.Value(backgroundKey{}).(bool)
	return b
}

type networkKey struct{}

// WithNetwork tells from which network a login comes.
func WithNetwork(ctx context.Context, from netip.Prefix) context.Context {
	return context.WithValue(ctx, networkKey{}, from)
}

// networkOf is the network that WithNetwork told, "" if it is not known.
func networkOf(ctx context.Context) string {
	p, _ := ctx.Value(networkKey{}).(netip.Prefix)
	if !p.IsValid() {
		return ""
	}
	return p.String()
}
