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
	texts map[uint32][16]byte // digests of the texts of messages that the destination is known to have altered
	state BoxState            // at the end of the listing
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
		w := wholeBox{pace: f.acct.e.below, box: box.Name, validity: box.UIDValidity, expect: int(box.Exists), quick: quick}
		if box.Borrowed {
			if w.only = f.borrowedFrom(b); len(w.only) == 0 {
				continue
			}
		}
		w.texts = f.alteredOnes(func(l *store.Link) uint32 {
			if l.Box != b {
				return 0
			}
			return l.Src
		})
		src, err := f.acct.source(ctx)
		if err != nil {
			return nil, err
		}
		if out[b], err = w.read(ctx, src); err != nil {
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

// alteredOnes are the numbers of messages that the destination is known to have altered; their texts are compared.
func (f *folder) alteredOnes(number func(*store.Link) uint32) map[uint32]bool {
	out := make(map[uint32]bool)
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i := range f.links {
		if l := &f.links[i]; l.Altered && l.Src != 0 && l.Dst != 0 {
			out[number(l)] = true
		}
	}
	return out
}

// readAbove reads the destination's folder. Where nothing came from the source, its bodies prove nothing.
func (f *folder) readAbove(ctx context.Context, rec store.Folder, quick bool) (*side, error) {
	if rec.DestUIDValidity == 0 {
		return nil, nil
	}
	m, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	w := wholeBox{pace: f.acct.e.above, box: rec.Name, validity: rec.DestUIDValidity, expect: f.countDest(), quick: quick || len(rec.Sources) == 0,
		texts: f.alteredOnes(func(l *store.Link) uint32 { return l.Dst })}
	s, err := w.read(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return s, nil
}

// wholeBox is a server's folder that is to be read.
type wholeBox struct {
	pace     *pace.Host
	box      string
	validity uint32
	only     imap.UIDSet     // nil: all of it
	texts    map[uint32]bool // of these the text is hashed too
	expect   int             // about how many there are
	quick    bool            // no bodies
}

// read lists the folder, or only some messages of it, and reads each, at the pace of the backfill. Nothing is kept but
// hashes, flags and dates. A listing that is not complete is an error: it would prove nothing.
func (w *wholeBox) read(ctx context.Context, m Mail) (*side, error) {
	s, err := w.list(ctx, m)
	if err != nil || w.quick {
		return s, err
	}
	for rest := s.msgs; len(rest) > 0; {
		n := w.pace.Slice(min(runLinks, len(rest)))
		if err := w.pace.Admit(ctx, n); err != nil {
			return nil, err
		}
		if err := w.readRun(ctx, m, s, rest[:n]); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return s, w.dropVanished(ctx, m, s)
}

// list lists twice before it believes that a server does not list all that it says it has.
func (w *wholeBox) list(ctx context.Context, m Mail) (*side, error) {
	for try := 0; ; try++ {
		s := &side{msgs: make([]found, 0, min(max(w.expect+64, 0), maxAhead)), ids: map[mapping.Flags]uint32{"": 0}, sets: []mapping.Flags{""}}
		what := Scan{UIDValidity: w.validity, UIDs: w.only, Flags: w.quick, Details: w.quick}
		var err error
		s.state, err = m.Scan(ctx, w.box, what, func(e Entry) error {
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
			return nil, fmt.Errorf("%q: the server listed %d messages of %d, twice: nothing is proven", w.box, len(s.msgs), s.state.Exists)
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

// readRun reads a run of messages. A connection that ends is no news of the messages: they are asked for again.
func (w *wholeBox) readRun(ctx context.Context, m Mail, s *side, run []found) error {
	for try := 0; ; try++ {
		err := w.readOnce(ctx, m, s, run)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrUIDValidity) || errors.Is(err, ErrNoFolder) || try == 2 {
			return err
		}
	}
}

// readOnce asks for what has not come. If one message is bad, the others are asked for one by one.
func (w *wholeBox) readOnce(ctx context.Context, m Mail, s *side, run []found) error {
	take := func(msg *Message) error { return s.take(msg, w.texts[msg.UID]) }
	err := m.Read(ctx, w.box, w.validity, unreadOf(run), take)
	if !itemOnly(err) {
		return err
	}
	for i := range run {
		if run[i].has(isRead) {
			continue
		}
		if err := m.Read(ctx, w.box, w.validity, imap.UIDSetNum(imap.UID(run[i].uid)), take); err != nil && !itemOnly(err) {
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

// take hashes one message, and its text if that is wanted.
func (s *side) take(msg *Message, withText bool) error {
	sum := sha256.New()
	var into io.Writer = sum
	var text *textSum
	if withText {
		text = newTextSum()
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
		s.texts[m.uid] = text.digest()
	}
	return nil
}

// dropVanished forgets messages that were listed and went before they were read. What is still listed stays as
// unread.
func (w *wholeBox) dropVanished(ctx context.Context, m Mail, s *side) error {
	missing := unreadOf(s.msgs)
	if len(missing) == 0 {
		return nil
	}
	there := make(map[uint32]bool)
	if _, err := m.Scan(ctx, w.box, Scan{UIDValidity: w.validity, UIDs: missing}, func(e Entry) error { there[e.UID] = true; return nil }); err != nil {
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
