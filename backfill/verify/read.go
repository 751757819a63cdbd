package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"sort"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
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
	texts map[uint32][16]byte // digests of the texts of messages that the destination is known to have altered
	state State               // at the end of the listing
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
func (j *comparison) readBelow(ctx context.Context) (map[uint16]*side, error) {
	out := make(map[uint16]*side)
	for i := range j.head.Sources {
		b, from := uint16(i), &j.head.Sources[i]
		if from.Gone {
			continue
		}
		w := whole{side: from, quick: j.quick, texts: j.alteredBelow[b]}
		if from.Borrowed {
			if w.only = j.borrowed[b]; len(w.only) == 0 {
				continue
			}
		}
		s, err := w.read(ctx, "source")
		if err != nil {
			return nil, err
		}
		out[b] = s
	}
	return out, nil
}

// readAbove reads the destination's folder. Where nothing came from the source, its bodies prove nothing.
func (j *comparison) readAbove(ctx context.Context) (*side, error) {
	if j.head.Dest.Open == nil { // there is none yet
		return nil, nil
	}
	w := whole{side: &j.head.Dest, quick: j.quick || len(j.head.Sources) == 0, texts: j.alteredAbove}
	return w.read(ctx, "destination")
}

// whole is a server's folder that is to be read.
type whole struct {
	side  *Side
	only  imap.UIDSet     // nil: all of it
	texts map[uint32]bool // of these the text is hashed too
	quick bool            // no bodies
}

// read opens the folder and reads it; an error tells which of the two servers it is about.
func (w *whole) read(ctx context.Context, server string) (*side, error) {
	box, err := w.side.Open(ctx)
	if err != nil {
		return nil, err
	}
	s, err := w.readAll(ctx, box)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", server, err)
	}
	return s, nil
}

// readAll lists the folder, or only some messages of it, and reads each. Nothing is kept but hashes, flags and dates. A
// listing that is not complete is an error: it would prove nothing.
func (w *whole) readAll(ctx context.Context, box Box) (*side, error) {
	s, err := w.list(ctx, box)
	if err != nil || w.quick {
		return s, err
	}
	if missing := s.unread(); len(missing) > 0 {
		if err := box.Read(ctx, missing, func(m *Message) error { return s.take(m, w.texts[m.UID]) }); err != nil {
			return nil, err
		}
	}
	return s, w.dropVanished(ctx, box, s)
}

// maxAhead bounds what is allocated on a server's word.
const maxAhead = 1 << 20

// list lists twice before it believes that a server does not list all that it says it has.
func (w *whole) list(ctx context.Context, box Box) (*side, error) {
	for try := 0; ; try++ {
		s := &side{msgs: make([]found, 0, min(max(w.side.Expect+64, 0), maxAhead)), ids: map[mapping.Flags]uint32{"": 0}, sets: []mapping.Flags{""}}
		var err error
		s.state, err = box.List(ctx, w.only, w.quick, func(e Entry) error {
			n := found{uid: e.UID}
			if w.quick {
				n.hash, n.date, n.flags = keyHash(e), e.Date.Unix(), s.intern(e.Flags)|isRead
			}
			s.msgs = append(s.msgs, n)
			return nil
		})
		switch {
		case err != nil:
			return nil, err
		case w.only != nil || len(s.msgs) == int(s.state.Exists):
			return s, nil
		case try > 0:
			return nil, fmt.Errorf("%q: the server listed %d messages of %d, twice: nothing is proven", w.side.Name, len(s.msgs), s.state.Exists)
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

// unread are the messages that have not come.
func (s *side) unread() (set imap.UIDSet) {
	for i := range s.msgs {
		if !s.msgs[i].has(isRead) {
			set.AddNum(imap.UID(s.msgs[i].uid))
		}
	}
	return set
}

// take hashes one message, and its text if that is wanted.
func (s *side) take(msg *Message, withText bool) error {
	sum := sha256.New()
	var into io.Writer = sum
	var text *mapping.TextSum
	if withText {
		text = mapping.NewTextSum()
		into = io.MultiWriter(sum, text)
	}
	n, err := io.Copy(into, msg.Body)
	switch {
	case err != nil:
		return err
	case n != msg.Size:
		return io.ErrUnexpectedEOF
	}
	m := s.at(msg.UID)
	if m == nil {
		return nil
	}
	*m = found{hash: [16]byte(sum.Sum(nil)[:16]), date: msg.Date.Unix(), uid: m.uid, flags: s.intern(msg.Flags) | isRead}
	if withText {
		if s.texts == nil {
			s.texts = make(map[uint32][16]byte)
		}
		s.texts[m.uid] = text.Digest()
	}
	return nil
}

// dropVanished forgets messages that were listed and went before they were read. What is still listed stays as
// unread.
func (w *whole) dropVanished(ctx context.Context, box Box, s *side) error {
	missing := s.unread()
	if len(missing) == 0 {
		return nil
	}
	there := make(map[uint32]bool)
	if _, err := box.List(ctx, missing, false, func(e Entry) error { there[e.UID] = true; return nil }); err != nil {
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
