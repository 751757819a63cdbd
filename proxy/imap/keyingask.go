package imap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/internal/mailsort"
)

// maxFields is how much of a message's header fields is read.
const maxFields = 256 << 10

// gather asks for the header fields of messages, and returns those that are gone.
func (k *keying) gather(ctx context.Context, g *mailsort.Gatherer, uids []uint32) (gone []uint32, err error) {
	items := []string{"BODY.PEEK[HEADER.FIELDS (" + k.want.Fields() + ")]"}
	block := bytes.NewBuffer(nil)
	add := func(uid uint32, att *backfill.RawAtt) (bool, error) {
		if !strings.HasPrefix(strings.ToUpper(att.Name), "BODY[HEADER.FIELDS") {
			return false, nil
		}
		known, err := text(att, block)
		if err == nil && known {
			g.Add(uid, block.Bytes())
		}
		return true, err // a message of which the server says NIL has no fields now, and is asked for again the next time
	}
	return k.ask(ctx, uids, items, add, g.Bytes)
}

// ask asks about messages, part by part. answer takes an attribute and tells whether it was what was asked for; used is the
// memory that the answers take. It returns those of the messages that are gone.
func (k *keying) ask(ctx context.Context, uids []uint32, items []string, answer func(uid uint32, att *backfill.RawAtt) (bool, error), used func() int64) (gone []uint32, err error) {
	box := k.c.view.Mailbox()
	for part := range chunks(uids) {
		before := used()
		var told []uint32
		err := box.Fetch(ctx, part, items, func(raw *backfill.RawItem) error {
			for {
				att, err := raw.Next()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				if _, mine := slices.BinarySearch(part, raw.UID); mine {
					ok, err := answer(raw.UID, &att)
					if err != nil {
						return err
					}
					if ok {
						told = append(told, raw.UID)
					}
				}
				if att.Literal != nil {
					if _, err := io.Copy(io.Discard, att.Literal); err != nil {
						return err
					}
				}
			}
		})
		if err != nil && !isExpunged(err) {
			return nil, err
		}
		slices.Sort(told)
		left := minus(part, slices.Compact(told))
		if len(k.alive(left)) > 0 {
			return nil, errMissing
		}
		gone = append(gone, left...)
		// What was gathered stands beside the column that it becomes a part of.
		if err := k.hold(2 * (used() - before)); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// text reads an answer that is a string, at most maxFields of it; false for NIL.
func text(att *backfill.RawAtt, into *bytes.Buffer) (bool, error) {
	into.Reset()
	if att.Literal != nil {
		_, err := into.ReadFrom(io.LimitReader(att.Literal, maxFields))
		return true, err
	}
	if strings.EqualFold(string(att.Value), "NIL") {
		return false, nil
	}
	s, ok := imapwire.NewScanner(att.Value).String()
	if !ok {
		return false, errMissing
	}
	into.Write(s)
	return true, nil
}

// detail adds the sizes or arrivals to a table. The state knows them of what was copied, and often of more; the servers are
// asked about the others.
func (k *keying) detail(ctx context.Context, t *mailsort.Table, key mailsort.Key) error {
	if err := k.hold(int64(8 * len(t.UIDs))); err != nil {
		return err
	}
	values := make([]int64, len(t.UIDs))
	var unknown []uint32
	at := 0
	for part := range chunks(t.UIDs) {
		for _, it := range k.c.view.Mailbox().Items(part) {
			for t.UIDs[at] != it.UID {
				at++ // gone in this moment
			}
			if known := key == mailsort.Size && it.Size >= 0 || key == mailsort.Arrival && !it.Date.IsZero(); !known {
				unknown = append(unknown, it.UID)
			}
			if values[at] = it.Size; key == mailsort.Arrival {
				values[at] = it.Date.Unix()
			}
		}
	}
	t.Values[key] = values
	if len(unknown) == 0 {
		return nil
	}
	k.name.key = key
	column, ok := k.c.srv.keys.get(k.name).(*mailsort.Numbers)
	if !ok {
		column = new(mailsort.Numbers)
	}
	column, err := k.learn(ctx, column, minus(unknown, column.UIDs()))
	if err != nil {
		return err
	}
	for i, v := range column.Values(unknown) {
		at, _ := slices.BinarySearch(t.UIDs, unknown[i])
		values[at] = v
	}
	return nil
}

// learn asks the servers for the sizes or arrivals of messages, as k.name says, adds them to the column, and keeps it.
func (k *keying) learn(ctx context.Context, column *mailsort.Numbers, uids []uint32) (*mailsort.Numbers, error) {
	if len(uids) == 0 {
		return column, nil
	}
	if err := k.hold(int64(20 * len(uids))); err != nil {
		return nil, err
	}
	key := k.name.key
	item := map[mailsort.Key]string{mailsort.Size: "RFC822.SIZE", mailsort.Arrival: "INTERNALDATE"}[key]
	values := make([]int64, len(uids))
	gone, err := k.ask(ctx, uids, []string{item}, func(uid uint32, att *backfill.RawAtt) (bool, error) {
		n, ok := detailOf(key, att.Value)
		if !strings.EqualFold(att.Name, item) || !ok {
			return false, nil
		}
		i, _ := slices.BinarySearch(uids, uid)
		values[i] = n
		return true, nil
	}, func() int64 { return 0 })
	if err != nil {
		return nil, err
	}
	column = column.With(uids, values)
	if len(gone) == 0 { // else some of the values are none
		k.c.srv.keys.put(k.name, column)
	}
	return column, nil
}

// detailOf reads the value of RFC822.SIZE or INTERNALDATE.
func detailOf(key mailsort.Key, value []byte) (int64, bool) {
	s := imapwire.NewScanner(value)
	if key == mailsort.Size {
		n, ok := s.Number()
		return int64(n), ok
	}
	text, _ := s.String()
	t, err := time.Parse("_2-Jan-2006 15:04:05 -0700", string(text))
	return t.Unix(), err == nil
}
