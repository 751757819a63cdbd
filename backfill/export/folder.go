package export

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/backfill/verify"
	"crossfade/mapping"
	"crossfade/store"
)

// onlyThere are the links of messages that only the destination has, and of those that merely look like one of the source.
func (x *export) onlyThere(f Folder) []store.Link {
	rec := f.Record()
	return f.Links(func(l *store.Link) bool {
		return l.Dst != 0 && (l.State == store.Above || l.Paired && l.State == store.Listed || l.State == store.Copied && x.lostBelow(&rec, l))
	})
}

// outgoing is a message on its way out.
type outgoing struct {
	Message
	link store.Link
}

// folder exports what is new in one folder since the last round.
func (x *export) folder(ctx context.Context, f Folder) (more bool, err error) {
	if err := f.Open(); err != nil {
		return false, err
	}
	defer f.Close()
	known := x.done[f.ID()]
	if known == nil {
		known = &exported{}
		x.done[f.ID()] = known
	}
	links := slices.DeleteFunc(x.onlyThere(f), func(l store.Link) bool { return known.uids.Contains(imap.UID(l.Dst)) })
	if len(links) > 0 {
		more = true
	}
	if len(links) == 0 {
		return false, x.folderAlone(f, known)
	}
	out, err := x.list(ctx, f, links)
	if err != nil {
		return false, err
	}
	for _, o := range out {
		known.uids.AddNum(imap.UID(o.UID))
	}
	if out = x.since(f, out); len(out) == 0 {
		return more, x.folderAlone(f, known)
	}
	twins, err := x.twins(ctx, f, out)
	if err != nil {
		return more, err
	}
	kept, err := x.keptBelow(out)
	if err != nil {
		return more, err
	}
	known.told = true
	if err := x.received(x.out.Folder(f.Named())); err != nil {
		return false, err
	}
	return more, x.send(ctx, f, out, twins, kept)
}

// folderAlone tells of a folder that only the destination has, though nothing in it is exported.
func (x *export) folderAlone(f Folder, known *exported) error {
	if known.told || f.Named().Source != "" || !f.Exists() {
		return nil
	}
	known.told = true
	return x.received(x.out.Folder(f.Named()))
}

// list asks the destination for size, date and present flags.
func (x *export) list(ctx context.Context, f Folder, links []store.Link) ([]outgoing, error) {
	box, err := f.Destination(ctx)
	if err != nil {
		return nil, err
	}
	byDst := make(map[uint32]store.Link, len(links))
	var set imap.UIDSet
	for _, l := range links {
		byDst[l.Dst] = l
		set.AddNum(imap.UID(l.Dst))
	}
	var out []outgoing
	interned := make(map[mapping.Flags]mapping.Flags)
	_, err = box.List(ctx, set, true, func(e verify.Entry) error {
		l, ok := byDst[e.UID]
		if !ok {
			return nil
		}
		// The destination's flags, and what it cannot hold.
		flags := e.Flags.Add(f.Flags(l.Flags).Remove(f.Flags(l.Sent)))
		if same, ok := interned[flags]; ok {
			flags = same
		} else {
			interned[flags] = flags
		}
		out = append(out, outgoing{Message{UID: e.UID, Date: e.Date, Flags: flags, Size: e.Size, Lost: l.State == store.Copied}, l})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	slices.SortFunc(out, func(a, b outgoing) int { return int(int64(a.UID) - int64(b.UID)) })
	return out, nil
}

// since leaves out what came earlier, and counts it.
func (x *export) since(f Folder, out []outgoing) []outgoing {
	rule := newSince(f.Record().Arrivals, x.opt.Since)
	return slices.DeleteFunc(out, func(o outgoing) bool {
		if rule.came(o.UID, o.Date) {
			return false
		}
		x.counts.Earlier++
		return true
	})
}

// twins reads what the source has of messages that look the same on both sides and were not compared yet: the hashes by
// shown UID.
func (x *export) twins(ctx context.Context, f Folder, out []outgoing) (map[uint32][16]byte, error) {
	bySource := make(map[uint16]map[uint32]uint32)
	for _, o := range out {
		if l := o.link; l.State == store.Listed {
			if bySource[l.Box] == nil {
				bySource[l.Box] = make(map[uint32]uint32)
			}
			bySource[l.Box][l.Src] = l.UID
		}
	}
	hashes := make(map[uint32][16]byte)
	for b, shown := range bySource {
		var set imap.UIDSet
		for uid := range shown {
			set.AddNum(imap.UID(uid))
		}
		box, err := f.Source(ctx, b)
		if err != nil {
			return nil, err
		}
		err = box.Read(ctx, set, func(m *verify.Message) error {
			sum, err := spool.Sum(m.Body)
			if err == nil && sum.Size != m.Size {
				err = io.ErrUnexpectedEOF
			}
			if err == nil {
				hashes[shown[m.UID]] = sum.Hash
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
	}
	return hashes, nil
}
