package backfill

import (
	"context"
	"errors"

	"crossfade/store"
)

// manyLeave is how many messages a command may remove from the destination without a note. It is well below
// goneMany: others may remove some too before the next look.
const manyLeave = goneMany / 5

// leaving notes, or denies, that a command is about to remove these messages from the destination. If the program
// ends, or the connection, before the command's end is known, the next look finds them gone: so many at once
// would stop the folder (see tooMany) if nobody had said that they go.
func (f *folder) leaving(links []store.Link, is bool) error {
	if is && len(links) <= manyLeave {
		return nil
	}
	return f.edit(func(e *edit) error {
		e.noteLeaving(links, is)
		return nil
	})
}

func (e *edit) noteLeaving(links []store.Link, is bool) {
	for _, asked := range links {
		if l, ok := e.link(asked.UID); ok && l.Dst == asked.Dst && l.Leaving != is {
			l.Leaving = is
			e.put(l)
		}
	}
}

// leave runs a command that removes messages from the destination. Where a server's own words say that it did
// not, they are expected to stay again.
func (f *folder) leave(links []store.Link, command func() error) error {
	f.mu.Lock()
	f.departing, f.departures = f.departing+1, f.departures+1
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.departing--
		f.mu.Unlock()
	}()
	if err := f.leaving(links, true); err != nil {
		return err
	}
	err := command()
	if err != nil && !uncertain(err) {
		err = errors.Join(err, f.leaving(links, false))
	}
	return err
}

// departed counts the commands that remove messages from the destination; quiet says that none is under way.
func (f *folder) departed() (begun uint64, quiet bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.departures, f.departing == 0
}

// lookDestStayed looks at the destination and ends the note of messages that it found there still; the caller holds
// writer. Of a command that was under way meanwhile the look knows nothing.
func (f *folder) lookDestStayed(ctx context.Context, w Writer) error {
	before, quiet := f.departed()
	if err := f.lookDest(ctx, w); err != nil || !quiet || f.counted().leaving == 0 || f.hasProblem("destination") {
		return err
	}
	still := f.where(func(l *store.Link) bool { return l.Leaving })
	return f.edit(func(e *edit) error {
		if now, _ := f.departed(); now == before { // one that begins now notes it after this
			e.noteLeaving(still, false)
		}
		return nil
	})
}
