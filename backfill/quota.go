package backfill

import (
	"context"
	"fmt"
)

// Quotas returns the limits that hold for a folder: the destination's, in which mail that is still to come from the
// source counts as if it were there already, as far as its size is known. A destination without quotas has none.
func (s *Session) Quotas(ctx context.Context, name string) ([]Quota, error) {
	if err := s.known(ctx); err != nil {
		return nil, err
	}
	f, err := s.a.resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	w, err := s.a.dest(ctx)
	if err != nil {
		return nil, err
	}
	m, ok := w.(Meter)
	if !ok || !w.Features().Caps.Has("QUOTA") {
		return nil, nil
	}
	box := f.record().Name
	if !f.onDestination().Exists {
		box = "INBOX" // it will have the limits of its neighbours
	}
	quotas, err := m.Quota(ctx, box)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	left := s.a.toCome()
	for i := range quotas {
		switch q := &quotas[i]; q.Resource {
		case "STORAGE":
			q.Used += left.LeftBytes
		case "MESSAGE":
			q.Used += int64(left.Listed + left.Copying)
		}
	}
	return quotas, nil
}

// toCome counts what is still to be copied to the destination.
func (a *account) toCome() Counts {
	var sum tally
	for _, f := range a.all() {
		t := f.counted()
		sum.add(&t)
	}
	return sum.counts()
}
