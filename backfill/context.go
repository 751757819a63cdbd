package backfill

import "context"

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
