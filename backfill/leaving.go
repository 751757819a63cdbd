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
		for _, asked := range links {
			if l, ok := e.link(asked.UID); ok && l.Dst == asked.Dst && l.Leaving != is {
				l.Leaving = is
				e.put(l)
			}
		}
		return nil
	})
}

// leave runs a command that removes messages from the destination. Where a server's own words say that it did
// not, they are expected to stay again.
func (f *folder) leave(links []store.Link, command func() error) error {
	if err := f.leaving(links, true); err != nil {
		return err
	}
	err := command()
	if err != nil && !uncertain(err) {
		err = errors.Join(err, f.leaving(links, false))
	}
	return err
}

// stayed ends the note of messages that a look at the destination found there still; the caller holds writer.
func (f *folder) stayed(context.Context, Writer) error {
	if f.counted().leaving == 0 || f.hasProblem("destination") {
		return nil
	}
	return f.leaving(f.where(func(l *store.Link) bool { return l.Leaving }), false)
}
