package export

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// rounds is how often an export looks again at folders in which something changed behind it.
const rounds = 3

// Export hands over what exists only on the destination, and tells what users changed on the rest: what must not be lost
// if the old server takes over again. Nothing is changed on either side. People may go on working: what changes behind
// the export is looked at again.
func Export(ctx context.Context, a Account, opt Options, out Receiver) (Counts, error) {
	x := &export{a: a, opt: opt, out: out, done: make(map[store.FolderID]*exported), failed: make(map[store.FolderID]bool),
		began: time.Now(), gone: whiteouts{moved: make(map[sourceMessage]bool)}}
	for n := range rounds {
		again, err := x.round(ctx, n)
		if err != nil {
			return x.counts, err
		}
		if !again {
			break
		}
	}
	return x.counts, x.changes()
}

// export is one export under way.
type export struct {
	a      Account
	opt    Options
	out    Receiver
	counts Counts
	done   map[store.FolderID]*exported
	failed map[store.FolderID]bool
	began  time.Time
	gone   whiteouts
	// doubted are source folders, by name, that may not have what they had.
	doubted map[string]bool
	ended   error // of the receiver
}

// exported is how far a folder was exported.
type exported struct {
	uids imap.UIDSet // the destination's; exported, or told why not
	told bool        // the receiver knows the folder
}

// round exports what is new in all folders; again tells that something was, so that another look is due: a message that
// moves from a folder not yet looked at to one that was would be lost.
func (x *export) round(ctx context.Context, n int) (again bool, err error) {
	if err := x.look(ctx); err != nil {
		return false, err
	}
	for _, f := range x.a.Folders() {
		if x.failed[f.ID()] {
			continue
		}
		more, err := x.folder(ctx, f)
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case x.ended != nil:
			return false, x.ended
		case err != nil:
			if err := x.fail(f, err); err != nil {
				return false, err
			}
		}
		again = again || more
	}
	return again && n < rounds-1, nil
}

// look brings all folders up to date, so that moves between them are seen as such.
func (x *export) look(ctx context.Context) error {
	x.gone.byHash = make(map[[16]byte][]deletedMessage)
	for _, f := range x.a.Folders() {
		if x.failed[f.ID()] {
			continue
		}
		err := f.Look(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if err := x.fail(f, err); err != nil {
				return err
			}
		}
	}
	x.doubted = x.doubtedBelow()
	for _, f := range x.a.Folders() {
		if x.failed[f.ID()] {
			continue
		}
		if err := x.gone.add(f, x.lostBelow); err != nil {
			return err
		}
	}
	return nil
}

// fail tells of a folder that cannot be exported; the others go on.
func (x *export) fail(f Folder, err error) error {
	x.failed[f.ID()] = true
	x.counts.Failed++
	return x.received(x.out.Failed(f.Record().Path.String(), err))
}

// received remembers that the receiver failed: that ends the export, whichever folder is under way.
func (x *export) received(err error) error {
	if x.ended == nil {
		x.ended = err
	}
	return err
}
