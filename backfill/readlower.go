package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/store"
)

// spooler keeps a body that is read.
type spooler func(ctx context.Context, size int64, body io.Reader) (*spool.Message, error)

// read brings messages of one source folder into the spool, each once. It returns those that the source did not
// give: shown UIDs by source UID. out takes over what it is given.
func (f *folder) read(ctx context.Context, links []store.Link, spool spooler, out func(incoming) error) (left map[uint32]uint32, err error) {
	if links, err = f.readSaved(ctx, links, spool, out); err != nil || len(links) == 0 {
		return nil, err
	}
	src, err := f.acct.source(ctx)
	if err != nil {
		return nil, err
	}
	box, listed := f.record().Sources[links[0].Box], f.listings.Load()
	left = make(map[uint32]uint32, len(links))
	var set imap.UIDSet
	for _, l := range links {
		if left[l.Src] = l.UID; !f.passedOver(l.UID) {
			set.AddNum(imap.UID(l.Src))
		}
	}
	var body *bodyReader
	each := func(m *Message) error {
		uid, ok := left[m.UID]
		if !ok {
			return nil
		}
		body = &bodyReader{r: m.Body}
		s, err := spool(ctx, m.Size, body)
		if err != nil {
			return err
		}
		delete(left, m.UID)
		return out(incoming{uid, m.Flags, listed, m.Date, s})
	}
	err = f.readPaced(ctx, src, box, set, each)
	// A server may leave some out and say OK: they are asked for as long as any of them comes.
	for n := 0; err == nil && len(left) > 0 && len(left) != n; {
		n = len(left)
		var rest imap.UIDSet
		for src, uid := range left {
			if !f.passedOver(uid) {
				rest.AddNum(imap.UID(src))
			}
		}
		if len(rest) > 0 {
			err = f.readPaced(ctx, src, box, rest, each)
		}
	}
	if itemOnly(err) {
		err = nil // one bad message stops no other: what is left is asked for one by one
		for i := 0; i < len(links) && err == nil; i++ {
			if _, ok := left[links[i].Src]; !ok || f.passedOver(links[i].UID) {
				continue
			}
			if err = f.readPaced(ctx, src, box, imap.UIDSetNum(imap.UID(links[i].Src)), each); itemOnly(err) {
				f.acct.log.Warn("the source does not give a message", "folder", box.Name, "uid", links[i].Src, "err", err)
				err = nil
			}
		}
	}
	if err != nil {
		f.noteBreak(ctx, links, left, err, body)
		return nil, fmt.Errorf("source: %w", err)
	}
	f.forgive()
	return left, nil
}

// itemOnly tells whether an error concerns one message.
func itemOnly(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Scope == Item
}

// missing looks after messages that the source did not give: gone meanwhile, or refused by it. Very many at once
// are not believed to be gone: they stay listed.
func (f *folder) missing(ctx context.Context, asked []store.Link, left map[uint32]uint32) error {
	if len(left) == 0 {
		return nil
	}
	b := asked[0].Box
	if err := f.sync.take(ctx); err != nil {
		return err
	}
	delete(f.source, b)
	err := f.lookLower(ctx)
	f.sync.release()
	if err != nil {
		return err
	}
	if f.hasProblem(sourceProblem(b)) {
		return nil
	}
	if f.record().Sources[b].Borrowed && tooMany(len(left), len(asked)) {
		f.acct.log.Warn("the source does not give many messages that are linked here", "folder", f.record().Name, "missing", len(left))
		return nil
	}
	return f.edit(func(e *edit) error {
		for src, uid := range left {
			l, ok := e.link(uid)
			if !ok || l.State != store.Listed || l.Src != src || l.Box != b {
				continue
			}
			e.quarantine(l, store.Quarantine{Reason: reasonUnread})
		}
		return nil
	})
}
