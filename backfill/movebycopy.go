package backfill

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/store"
)

// moveByCopy is MOVE on a destination that has none: COPY, then the removal of the originals. Until commit says that
// the copies are the messages they are strays in the target, which recovery removes again; from then on it is the
// originals that are on their way out, and recovery goes on with that. So a kill leaves each message in one folder. It
// returns the copies' UIDs by the originals'.
func (c *carrying) moveByCopy(ctx context.Context, w Writer, links []store.Link, set imap.UIDSet) (map[uint32]uint32, error) {
	from, t := c.m.f.record(), c.target
	read := make(map[uint32]digest, len(links))
	if err := readDigests(ctx, w, from.Name, from.DestUIDValidity, set, read); err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	var batch []incoming
	var originals []uint32
	for _, l := range links {
		if d, ok := read[l.Dst]; ok { // else it has just gone there
			batch = append(batch, incoming{Message: &spool.Message{Size: d.size, Hash: d.hash}})
			originals = append(originals, l.Dst)
		}
	}
	for _, step := range []func(context.Context, Writer) error{t.recover, t.removePending} {
		if err := step(ctx, w); err != nil {
			return nil, fmt.Errorf("destination: %w", err)
		}
	}
	strays, in, err := t.expectStrays(batch)
	if err != nil {
		return nil, err
	}
	got, err := w.Copy(ctx, from.Name, from.DestUIDValidity, set, t.record().Name)
	var results []AppendResult
	if err == nil {
		results = make([]AppendResult, len(batch))
		for i, dst := range originals {
			if got.Learned {
				results[i] = AppendResult{UIDValidity: got.UIDValidity, UID: got.UIDs[dst]}
			}
		}
	}
	found, err := t.noteStrays(ctx, w, strays, in, distinct(results), err)
	if err != nil {
		return nil, err
	}
	copies := make(map[uint32]uint32, len(found))
	for i, s := range strays {
		if dst := found[s.UID]; dst != 0 {
			copies[originals[i]], c.strays[originals[i]] = dst, s.UID
		}
	}
	return copies, nil
}

// leaveLater takes a message out of the folder whose copy on the destination has yet to be removed.
func (e *edit) leaveLater(l store.Link) {
	l.State, l.Touched, l.Leaving = store.Whiteout, true, true
	e.put(l)
}

// removeLeft removes the originals of what was moved by COPY. What fails is done at the folder's next turn.
func (c *carrying) removeLeft(ctx context.Context) {
	f := c.m.f
	if len(c.strays) == 0 || f.counted().removing == 0 {
		return
	}
	err := f.writer.take(ctx)
	if err != nil {
		return
	}
	defer f.writer.release()
	w, err := f.acct.dest(ctx)
	if err == nil {
		err = f.removePending(ctx, w)
	}
	if err != nil {
		f.acct.log.Warn("what was moved away is removed later", "folder", f.record().Name, "err", err)
		f.acct.kick()
	}
}
