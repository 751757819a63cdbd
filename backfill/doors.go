package backfill

import (
	"context"
	"sync"
)

// doors let one login at a time in where a mailbox may be made: a mail program opens several connections at once.
type doors struct {
	mu sync.Mutex
	by map[string]*door
}

type door struct {
	claim *claim
	users int
}

// enter waits for the door of a mailbox.
func (d *doors) enter(ctx context.Context, key string) (leave func(), err error) {
	d.mu.Lock()
	if d.by == nil {
		d.by = make(map[string]*door)
	}
	this := d.by[key]
	if this == nil {
		this = &door{claim: newClaim()}
		d.by[key] = this
	}
	this.users++
	d.mu.Unlock()
	forget := func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if this.users--; this.users == 0 {
			delete(d.by, key)
		}
	}
	if err := this.claim.take(ctx); err != nil {
		forget()
		return nil, err
	}
	return func() { this.claim.release(); forget() }, nil
}
