package backfill

import "context"

// claim is a long exclusion that waits with a context, so that nobody hangs on a slow server. It is not a
// mutex: whoever holds it may talk to a server.
type claim chan struct{}

func newClaim() claim {
	c := make(claim, 1)
	c <- struct{}{}
	return c
}

// take waits for the claim.
func (c claim) take(ctx context.Context) error {
	select {
	case <-c:
		return nil
	default:
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryTake takes the claim if it is free.
func (c claim) tryTake() bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (c claim) release() { c <- struct{}{} }
