package backfill

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/pace"
	"crossfade/mapping"
	"crossfade/store"
)

// found is one message of a side that was read afresh. It is small: a folder may have hundreds of thousands.
type found struct {
	hash  [16]byte
	date  int64 // INTERNALDATE in Unix seconds
	uid   uint32
	flags uint32 // index into side.sets, and marks above it
}

// Marks of a found message.
const (
	isRead  = 1 << 31 // its bytes came
	isUsed  = 1 << 30 // a link accounts for it
	isCopy  = 1 << 29 // it is the copy of a message of the source
	setMask = isCopy - 1
)

func (m *found) has(mark uint32) bool { return m != nil && m.flags&mark != 0 }

// side is what one server's folder holds.
type side struct {
	msgs  []found // ascending by UID
	sets  []mapping.Flags
	ids   map[mapping.Flags]uint32
	state BoxState // at the end of the listing
}

// at finds a message; nil if it is not there. A nil side has none.
func (s *side) at(uid uint32) *found {
	if s == nil || uid == 0 {
		return nil
	}
	i := sort.Search(len(s.msgs), func(i int) bool { return s.msgs[i].uid >= uid })
	if i == len(s.msgs) || s.msgs[i].uid != uid {
		return nil
	}
	return &s.msgs[i]
}

func (s *side) flagsOf(m *found) mapping.Flags { return s.sets[m.flags&setMask] }

// intern keeps each set of flags once.
func (s *side) intern(flags mapping.Flags) uint32 {
	id, ok := s.ids[flags]
	if !ok {
		id = uint32(len(s.sets))
		s.ids[flags], s.sets = id, append(s.sets, flags)
	}
	return id
}

// readBelow reads all of the folder's own source folders, and what is linked here from others.
func (f *folder) readBelow(ctx context.Context, rec store.Folder, quick bool) (map[uint16]*side, error) {
	out := make(map[uint16]*side)
	for i, box := range rec.Sources {
		b := uint16(i)
		if box.Gone {
			continue
		}
		var only imap.UIDSet
		if box.Borrowed {
			if only = f.borrowedFrom(b); len(only) == 0 {
				continue
			}
		}
		src, err := f.acct.source(ctx)
		if err != nil {
			return nil, err
		}
		if out[b], err = readSide(ctx, src, f.acct.e.below, box.Name, box.UIDValidity, only, int(box.Exists), quick); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
	}
	return out, nil
}

// borrowedFrom are the messages that are linked here one by one.
func (f *folder) borrowedFrom(b uint16) (set imap.UIDSet) {
	for _, l := range f.where(func(l *store.Link) bool { return l.Src != 0 && l.Box == b }) {
		set.AddNum(imap.UID(l.Src))
	}
	return set
}

// readAbove reads the destination's folder. Where nothing came from the source, its bodies prove nothing.
func (f *folder) readAbove(ctx context.Context, rec store.Folder, quick bool) (*side, error) {
	if rec.DestUIDValidity == 0 {
		return nil, nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	s, err := readSide(ctx, w, f.acct.e.above, rec.Name, rec.DestUIDValidity, nil, f.countDest(), quick || len(rec.Sources) == 0)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return s, nil
}

// readSide lists a folder, or only some messages of it, and reads each, at the pace of the backfill. Nothing is kept but
// hashes, flags and dates. A listing that is not complete is an error: it would prove nothing.
func readSide(ctx context.Context, m Mail, h *pace.Host, box string, validity uint32, only imap.UIDSet, expect int, quick bool) (*side, error) {
	s, err := listSide(ctx, m, box, validity, only, expect, quick)
	if err != nil || quick {
		return s, err
	}
	for rest := s.msgs; len(rest) > 0; {
		n := h.Slice(min(runLinks, len(rest)))
		if err := h.Admit(ctx, n); err != nil {
			return nil, err
		}
		if err := s.read(ctx, m, box, validity, rest[:n]); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return s, s.dropVanished(ctx, m, box, validity)
}

// listSide lists twice before it believes that a server does not list all that it says it has.
func listSide(ctx context.Context, m Mail, box string, validity uint32, only imap.UIDSet, expect int, quick bool) (*side, error) {
	for try := 0; ; try++ {
		s := &side{msgs: make([]found, 0, min(max(expect+64, 0), maxAhead)), ids: map[mapping.Flags]uint32{"": 0}, sets: []mapping.Flags{""}}
		what := Scan{UIDValidity: validity, UIDs: only, Flags: quick, Details: quick}
		var err error
		s.state, err = m.Scan(ctx, box, what, func(e Entry) error {
			n := found{uid: e.UID}
			if quick {
				n.hash, n.date, n.flags = keyHash(e), e.Date.Unix(), s.intern(e.Flags)|isRead
			}
			s.msgs = append(s.msgs, n)
			return nil
		})
		switch {
		case err != nil:
			return nil, err
		case only != nil || len(s.msgs) == int(s.state.Exists):
			return s, nil
		case try > 0:
			return nil, fmt.Errorf("%q: the server listed %d messages of %d, twice: nothing is proven", box, len(s.msgs), s.state.Exists)
		}
	}
}

// keyHash stands for a message's bytes where they are not read: the Message-ID, or without one size and date.
func keyHash(e Entry) (h [16]byte) {
	if e.MsgID != 0 {
		binary.BigEndian.PutUint64(h[:], uint64(e.MsgID))
		return h
	}
	binary.BigEndian.PutUint64(h[:], uint64(e.Size))
	binary.BigEndian.PutUint64(h[8:], uint64(e.Date.Unix()))
	return h
}

// read reads a run of messages. A connection that ends is no news of the messages: they are asked for again.
func (s *side) read(ctx context.Context, m Mail, box string, validity uint32, run []found) error {
	for try := 0; ; try++ {
		err := s.readOnce(ctx, m, box, validity, run)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrUIDValidity) || errors.Is(err, ErrNoFolder) || try == 2 {
			return err
		}
	}
}

// readOnce asks for what has not come. If one message is bad, the others are asked for one by one.
func (s *side) readOnce(ctx context.Context, m Mail, box string, validity uint32, run []found) error {
	err := m.Read(ctx, box, validity, unreadOf(run), s.take)
	if !itemOnly(err) {
		return err
	}
	for i := range run {
		if run[i].has(isRead) {
			continue
		}
		if err := m.Read(ctx, box, validity, imap.UIDSetNum(imap.UID(run[i].uid)), s.take); err != nil && !itemOnly(err) {
			return err
		}
	}
	return nil
}

func unreadOf(run []found) (set imap.UIDSet) {
	for i := range run {
		if !run[i].has(isRead) {
			set.AddNum(imap.UID(run[i].uid))
		}
	}
	return set
}

// take hashes one message.
func (s *side) take(msg *Message) error {
	sum := sha256.New()
	n, err := io.Copy(sum, msg.Body)
	switch {
	case err != nil:
		return err
	case n != msg.Size:
		return io.ErrUnexpectedEOF
	}
	if m := s.at(msg.UID); m != nil {
		*m = found{hash: [16]byte(sum.Sum(nil)[:16]), date: msg.Date.Unix(), uid: m.uid, flags: s.intern(msg.Flags) | isRead}
	}
	return nil
}

// dropVanished forgets messages that were listed and went before they were read. What is still listed stays as
// unread.
func (s *side) dropVanished(ctx context.Context, m Mail, box string, validity uint32) error {
	missing := unreadOf(s.msgs)
	if len(missing) == 0 {
		return nil
	}
	there := make(map[uint32]bool)
	if _, err := m.Scan(ctx, box, Scan{UIDValidity: validity, UIDs: missing}, func(e Entry) error { there[e.UID] = true; return nil }); err != nil {
		return err
	}
	kept := s.msgs[:0]
	for _, msg := range s.msgs {
		if msg.has(isRead) || there[msg.uid] {
			kept = append(kept, msg)
		}
	}
	s.msgs = kept
	return nil
}
