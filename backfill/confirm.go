package backfill

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// confirm settles provisional pairs: both messages are read and their bytes compared. Equal ones are linked
// and keep the flags of both; where they differ, the destination's message gets a number of its own and the
// source's one is copied. All links are of one source folder.
func (f *folder) confirm(ctx context.Context, links []store.Link) error {
	if len(links) == 0 {
		return nil
	}
	below, err := f.hashLower(ctx, links)
	if err != nil {
		return err
	}
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	var set imap.UIDSet
	for _, l := range links {
		set.AddNum(imap.UID(l.Dst))
	}
	rec := f.record()
	above := make(map[uint32]digest)
	if err := readDigests(ctx, w, rec.Name, rec.DestUIDValidity, set, above); err != nil {
		return err
	}
	found := make(map[uint32]uint32)
	err = f.edit(func(e *edit) error {
		for _, asked := range links {
			l, ok := e.link(asked.UID)
			if !ok || !l.Paired || l.Dst != asked.Dst || l.State == store.Whiteout {
				continue
			}
			b, inBelow := below[l.Src]
			a, inAbove := above[l.Dst]
			switch {
			case !inBelow || !inAbove:
			case b.hash == a.hash:
				l.Hash = b.hash
				base := e.flagsOf(l.Base) // both sides' flags, and what a client changed since
				l.Flags = e.flags(mapping.Merge(base, base.Add(a.flags), e.flagsOf(l.Flags)))
				if f.acct.rebuilding() { // it is a copy of before, and its flags are the destination's
					l.Flags = e.flags(a.flags)
				}
				found[l.UID] = l.Dst
				e.put(l)
			default:
				e.insertUpper(Entry{UID: l.Dst, Flags: a.flags}, false)
				l.Dst, l.Paired = 0, false
				e.put(l)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.finishCopies(ctx, w, found)
}

// hashLower reads messages of one source folder and returns their digests by source UID.
func (f *folder) hashLower(ctx context.Context, links []store.Link) (map[uint32]digest, error) {
	src, err := f.acct.source(ctx)
	if err != nil {
		return nil, err
	}
	box := f.record().Sources[links[0].Box]
	var set imap.UIDSet
	for _, l := range links {
		set.AddNum(imap.UID(l.Src))
	}
	out := make(map[uint32]digest)
	if err := f.readPaced(ctx, src, box, set, digestInto(out)); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return out, nil
}

// readDigests reads messages for comparing them: nothing is kept but their digests.
func readDigests(ctx context.Context, m Mail, box string, uidValidity uint32, set imap.UIDSet, out map[uint32]digest) error {
	return m.Read(ctx, box, uidValidity, set, digestInto(out))
}

// digestInto keeps the digests of messages that are read.
func digestInto(out map[uint32]digest) func(*Message) error {
	return func(msg *Message) error {
		sum := sha256.New()
		n, err := io.Copy(sum, msg.Body)
		if err != nil {
			return err
		}
		if n != msg.Size {
			return io.ErrUnexpectedEOF
		}
		out[msg.UID] = digest{hash: [16]byte(sum.Sum(nil)[:16]), size: n, flags: msg.Flags, date: msg.Date.Unix()}
		return nil
	}
}
