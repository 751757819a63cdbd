package backfill

import (
	"context"
	"errors"
)

// lookForExport looks at both sides, so that what is new is linked. Where the source does not answer, what is known of
// it has to do.
func (f *folder) lookForExport(ctx context.Context) error {
	if f.record().DestUIDValidity == 0 && !f.onDestination().Exists {
		return nil // nothing is there, and nothing is made there
	}
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.lookFresh(ctx)
}

// lookFresh looks while nothing of ours is in flight.
func (f *folder) lookFresh(ctx context.Context) error {
	if err := f.sync.take(ctx); err != nil {
		return err
	}
	defer f.sync.release()
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	met := f.record().DestUIDNext != 0
	err := f.lookBoth(ctx)
	if met && IsUnavailable(err) {
		err = f.lookUpper(ctx)
	}
	if err == nil && f.hasProblem("destination") {
		err = errors.New(f.problem().Text)
	}
	return err
}
