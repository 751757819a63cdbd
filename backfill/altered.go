package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// Some destinations rewrite what they are given: they add a header of their own, or make every line end CRLF. The hash
// of the bytes never finds such a copy again. It is known by what stands behind the header, line ends aside, together
// with the Message-ID, or where there is none with the date. It is linked, marked, and reported as altered; it is never
// appended again.

// readTexts reads messages for their digests, those of their texts included.
func readTexts(ctx context.Context, m Mail, box string, uidValidity uint32, set imap.UIDSet, out map[uint32]digest) error {
	return m.Read(ctx, box, uidValidity, set, func(msg *Message) error {
		text := mapping.NewTextSum()
		whole := *msg
		whole.Body = io.TeeReader(msg.Body, text)
		if err := digestInto(out)(&whole); err != nil {
			return err
		}
		d := out[msg.UID]
		d.text = text.Digest()
		out[msg.UID] = d
		return nil
	})
}

// arrival is a message on the destination that may be a copy of ours.
type arrival struct {
	Entry
	digest digest
}

// matchAltered adds to found, by shown UID, the copies among arrivals that the destination has altered, and marks them.
func (f *folder) matchAltered(ctx context.Context, arrivals []arrival, pending []store.Link, found map[uint32]uint32) error {
	taken := make(map[uint32]bool)
	for _, dst := range found {
		taken[dst] = true
	}
	arrivals = slices.DeleteFunc(arrivals, func(a arrival) bool { return taken[a.UID] })
	var left []store.Link
	for _, l := range pending {
		if _, ok := found[l.UID]; !ok && l.Src != 0 && slices.ContainsFunc(arrivals, func(a arrival) bool { return akin(&l, a.Entry) }) {
			left = append(left, l)
		}
	}
	if len(left) == 0 {
		return nil
	}
	texts, err := f.sourceTexts(ctx, left)
	if err != nil {
		return err
	}
	for _, l := range left {
		text, ok := texts[l.UID]
		for i, a := range arrivals {
			if ok && !taken[a.UID] && a.digest.text == text && akin(&l, arrivals[i].Entry) {
				found[l.UID], taken[a.UID] = a.UID, true
				f.markAltered(l.UID)
				break
			}
		}
	}
	return nil
}

// akin tells whether a message on the destination may be the link's, altered.
func akin(l *store.Link, e Entry) bool {
	if !l.HasDetails || l.MsgID != e.MsgID {
		return false
	}
	return l.MsgID != 0 || l.Date == e.Date.Unix()
}

// sourceTexts digests the texts of messages: from the bytes at hand if they are just being sent, else the source is
// asked. The result is by shown UID.
func (f *folder) sourceTexts(ctx context.Context, links []store.Link) (map[uint32][16]byte, error) {
	out := make(map[uint32][16]byte)
	for _, m := range f.sending {
		text := mapping.NewTextSum()
		r, err := m.Open()
		if err == nil {
			_, err = io.Copy(text, r)
			err = errors.Join(err, r.Close())
		}
		if err != nil {
			return nil, err
		}
		out[m.uid] = text.Digest()
	}
	asked := slices.DeleteFunc(slices.Clone(links), func(l store.Link) bool { _, ok := out[l.UID]; return ok })
	if len(asked) == 0 {
		return out, nil
	}
	sourceOrder(asked)
	src, err := f.acct.source(ctx)
	if err != nil {
		return nil, err
	}
	for _, layer := range layers(asked) {
		var set imap.UIDSet
		for _, l := range layer {
			set.AddNum(imap.UID(l.Src))
		}
		box, read := f.record().Sources[layer[0].Box], make(map[uint32]digest)
		if err := readTexts(ctx, src, box.Name, box.UIDValidity, set, read); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		for _, l := range layer {
			if d, ok := read[l.Src]; ok && (!l.HasHash() || d.hash == l.Hash) {
				out[l.UID] = d.text
			}
		}
	}
	return out, nil
}

// markAltered notes that the copy that is about to be linked is not as the source has it. The caller holds writer.
func (f *folder) markAltered(uid uint32) {
	if f.altered == nil {
		f.altered = make(map[uint32]struct{})
	}
	f.altered[uid] = struct{}{}
	if f.acct.alters.CompareAndSwap(false, true) {
		f.acct.log.Warn("the destination alters what it is given: such copies are linked and reported, not appended again", "folder", f.record().Name, "uid", uid)
	}
}

// sample tells whether copies that are about to be linked should be looked at for what the destination did to them:
// the first ones of a folder, and all where it is known to alter messages.
func (f *folder) sample() bool {
	first := !f.sampled
	f.sampled = true
	return first || f.acct.alters.Load()
}

// noteAltered marks those copies, by shown UID, that have another size than was sent, other bytes and the same text.
func (f *folder) noteAltered(ctx context.Context, w Writer, found map[uint32]uint32, sizes map[uint32]int64) error {
	odd := make(map[uint32]store.Link) // by destination UID
	var set imap.UIDSet
	for uid, dst := range found {
		l, ok := f.get(uid)
		if size, told := sizes[dst]; ok && told && size >= 0 && l.Src != 0 && l.HasDetails && l.HasHash() && size != l.Size {
			odd[dst] = l
			set.AddNum(imap.UID(dst))
		}
	}
	if len(odd) == 0 {
		return nil
	}
	rec, read := f.record(), make(map[uint32]digest)
	if err := readTexts(ctx, w, rec.Name, rec.DestUIDValidity, set, read); err != nil {
		return err
	}
	maps.DeleteFunc(odd, func(dst uint32, l store.Link) bool { return read[dst].hash == l.Hash }) // its size is a lie
	texts, err := f.sourceTexts(ctx, slices.Collect(maps.Values(odd)))
	if err != nil {
		return err
	}
	for dst, l := range odd {
		if text, ok := texts[l.UID]; ok && text == read[dst].text {
			f.markAltered(l.UID)
		}
	}
	return nil
}

// like tells whether a message on the destination may be the link's.
func like(l *store.Link, size int64, id mapping.MessageID) bool {
	return l.HasDetails && (l.Size == size || l.MsgID != 0 && l.MsgID == id)
}
