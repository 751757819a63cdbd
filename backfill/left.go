package backfill

import (
	"context"
	"time"

	"crossfade/store"
)

const (
	// leftWait is how long the source may take to tell what does not move.
	leftWait = 2 * time.Minute
	// leftAgain is how old what it told may be.
	leftAgain = 24 * time.Hour
)

// lookLeft notes, once a day, what of the user's is on the source and does not move. An error is nothing that anybody must
// wait for: the next day's look may tell more.
func (a *account) lookLeft(ctx context.Context) {
	a.mu.Lock()
	due := time.Since(a.leftAt) >= leftAgain
	a.mu.Unlock()
	if !due || a.rebuilding() || a.shut() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leftWait)
	defer cancel()
	src, err := a.source(ctx)
	if err != nil {
		return
	}
	by, ok := src.(LeftBehind)
	if !ok {
		return
	}
	a.mu.Lock()
	a.leftAt = time.Now() // whatever comes of it
	a.mu.Unlock()
	items, err := by.LeftBehind(ctx)
	if err != nil {
		a.log.Warn("what does not move could not be looked at", "err", err)
		return
	}
	left := &store.Left{At: time.Now().UTC(), Items: boundedLeft(items)}
	if err := a.change(func(rec *store.Account) { rec.Left = left }); err != nil {
		a.log.Warn("what does not move could not be noted", "err", err)
	}
}
