package backfill

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// budget is the memory that bodies in flight may take. It can tell how much of it is in use.
type budget struct {
	*semaphore.Weighted
	size int64
	used atomic.Int64
}

func newBudget(size int64) *budget { return &budget{Weighted: semaphore.NewWeighted(size), size: size} }

// Acquire waits until there is room.
func (b *budget) Acquire(ctx context.Context, n int64) error {
	err := b.Weighted.Acquire(ctx, n)
	if err == nil {
		b.used.Add(n)
	}
	return err
}

// TryAcquire takes room if there is some.
func (b *budget) TryAcquire(n int64) bool {
	ok := b.Weighted.TryAcquire(n)
	if ok {
		b.used.Add(n)
	}
	return ok
}

// Release gives room back.
func (b *budget) Release(n int64) {
	b.used.Add(-n)
	b.Weighted.Release(n)
}
