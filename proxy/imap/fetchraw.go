package imap

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"crossfade/backfill"
)

// ask puts one question about some messages to the servers and passes the answers on. Afterwards what the
// state knows of messages without an answer is told all the same, and what is missing is noted.
func (f *fetching) ask(ctx context.Context, q *pass, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	if len(q.items) > 0 {
		err := f.c.view.Mailbox().Fetch(ctx, uids, q.items, func(raw *backfill.RawItem) error { return f.pass(q, raw) })
		switch {
		case err != nil && f.line:
			return &fatalError{err}
		case isExpunged(err): // the others have been answered
			f.lost = true
		case err != nil:
			return err
		}
	}
	return f.leftOver(q, uids)
}

// isExpunged tells of an error that only says that some of the messages are gone.
func isExpunged(err error) bool {
	var r *backfill.Refusal
	return errors.As(err, &r) && r.Code == "EXPUNGEISSUED"
}

// leftOver looks at what was not answered.
func (f *fetching) leftOver(q *pass, uids []uint32) error {
	details := len(q.items) == len(q.names)
	for _, uid := range uids {
		i, _ := slices.BinarySearch(f.uids, uid)
		it := f.item(uid)
		if it != nil && f.first && !f.told[i] && (f.p.uid || f.p.flags || details && (f.p.size || f.p.date)) {
			b := f.appendState(appendFetch(f.c.scratch[:0], f.seqs.of(uid)), it, details)
			f.c.scratch = append(b, ")\r\n"...)
			f.c.bytes(f.c.scratch)
			f.told[i] = true
		}
		answered := int(f.got[i]) >= len(q.items)
		f.expunged = f.expunged || it == nil
		f.lost = f.lost || it == nil && !answered
		f.missing = f.missing || it != nil && !answered && !f.lost
	}
	return f.c.wire.Err()
}

// item is what the state knows of a message; nil if it is gone.
func (f *fetching) item(uid uint32) *backfill.ItemState {
	i, ok := slices.BinarySearchFunc(f.items, uid, func(it backfill.ItemState, uid uint32) int {
		switch {
		case it.UID < uid:
			return -1
		case it.UID > uid:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &f.items[i]
}

// pass passes one answer on. Once its line is begun an error cannot be mended: nothing may be made up.
func (f *fetching) pass(q *pass, raw *backfill.RawItem) error {
	i, mine := slices.BinarySearch(f.uids, raw.UID)
	for {
		att, err := raw.Next()
		switch {
		case errors.Is(err, io.EOF):
			if f.line {
				f.c.bytes([]byte(")\r\n"))
				f.line = false
			}
			return f.c.wire.Err()
		case err != nil:
			return err
		}
		if !mine || f.hollow(&att, raw.UID) {
			if att.Literal != nil {
				if _, err := io.Copy(io.Discard, att.Literal); err != nil {
					return err
				}
			}
			continue
		}
		if f.got[i]++; f.got[i] == 0 {
			f.got[i]-- // more answers than a counter holds
		}
		if err := f.attribute(q, i, &att); err != nil {
			return err
		}
	}
}

// attribute writes one attribute, in front of it the start of the line if there is none.
func (f *fetching) attribute(q *pass, i int, att *backfill.RawAtt) error {
	b := f.c.scratch[:0]
	if !f.line {
		b = f.start(b, q, i)
		f.line = true
	} else {
		b = append(b, ' ')
	}
	b = append(append(b, q.rename(att.Name)...), ' ')
	f.c.scratch = b
	f.c.bytes(b)
	if att.Literal == nil {
		f.c.bytes(att.Value)
		return f.c.wire.Err()
	}
	if att.Size < 0 {
		return errors.New("literal of negative size")
	}
	return f.c.wire.Literal(att.Size, false, att.Literal)
}

// start begins the line of a message: number and UID, and the first time what the state answers.
func (f *fetching) start(b []byte, q *pass, i int) []byte {
	uid := f.uids[i]
	b = appendFetch(b, f.seqs.of(uid))
	it := f.item(uid)
	switch {
	case f.first && !f.told[i] && it != nil:
		f.told[i] = true
		b = f.appendState(b, it, len(q.items) == len(q.names))
	case f.p.uid:
		b = appendUID(b, uid)
	}
	return appendBlank(b)
}

// hollow tells of an answer that says that a message is empty although it is not: some servers answer so for
// messages that are gone (RFC 2180 4.1.2). A client would keep the emptiness.
func (f *fetching) hollow(att *backfill.RawAtt, uid uint32) bool {
	if !strings.EqualFold(att.Name, "BODY[]") {
		return false
	}
	if it := f.item(uid); it == nil || it.Size <= 0 {
		return false
	}
	if att.Literal != nil {
		return att.Size == 0
	}
	v := string(att.Value)
	return strings.EqualFold(v, "NIL") || v == `""` || strings.HasPrefix(v, "{0}")
}
