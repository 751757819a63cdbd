package imap

import (
	"context"
	"slices"

	"crossfade/internal/mailsort"
)

// keying learns the keys by which messages are sorted: from the state, from what is kept, and from the servers, of which
// for each message the one is asked that answers for it.
type keying struct {
	c    *conn
	want mailsort.Set
	name columnName
	held int64
}

// perMessage is what a command needs for each message besides its keys: places, numbers and what they are sorted with.
const perMessage = 24

func (c *conn) newKeying(want mailsort.Set) *keying {
	box := c.view.Mailbox()
	name := columnName{account: c.session.Account(), folder: box.Name(), uidValidity: box.Status().UIDValidity}
	return &keying{c: c, want: want, name: name}
}

// hold takes memory until done.
func (k *keying) hold(n int64) error {
	if err := k.c.srv.keys.hold(k.held, n); err != nil {
		return err
	}
	k.held += n
	return nil
}

func (k *keying) release(n int64) {
	k.c.srv.keys.release(n)
	k.held -= n
}

func (k *keying) done() { k.release(k.held) }

// table makes the table of some messages, in the order of their UIDs. Those that are gone are left out; if one that is there
// cannot be told about, there is no table: a list that is too short would be taken for a mailbox that is.
func (k *keying) table(ctx context.Context, uids []uint32) (*mailsort.Table, error) {
	if err := k.hold(int64(perMessage * len(uids))); err != nil {
		return nil, err
	}
	columns, uids, err := k.headers(ctx, k.alive(uids))
	if err != nil {
		return nil, err
	}
	t := &mailsort.Table{UIDs: uids}
	for key, column := range columns {
		if column == nil {
			continue
		}
		if err := k.hold(int64(8 * len(uids))); err != nil {
			return nil, err
		}
		switch col := column.(type) {
		case *mailsort.Links:
			t.Links = col
		case *mailsort.Texts:
			t.Values[key] = col.Values(uids)
			if mailsort.Key(key) == mailsort.Subject && k.want.Has(mailsort.References) {
				t.Replies = col.Replies(uids)
			}
		default:
			t.Values[key] = col.Values(uids)
		}
	}
	return k.details(ctx, t)
}

// details adds what is not in the header: size, arrival, and arrival as the date of messages that bear none (RFC 5256 3).
func (k *keying) details(ctx context.Context, t *mailsort.Table) (*mailsort.Table, error) {
	size, arrival := k.want.Has(mailsort.Size), k.want.Has(mailsort.Arrival)
	date := t.Values[mailsort.Date]
	undated := slices.Contains(date, int64(mailsort.NoDate))
	if size {
		if err := k.detail(ctx, t, mailsort.Size); err != nil {
			return nil, err
		}
	}
	if arrival || undated {
		if err := k.detail(ctx, t, mailsort.Arrival); err != nil {
			return nil, err
		}
	}
	for i, v := range t.Values[mailsort.Arrival] {
		if undated && date[i] == mailsort.NoDate {
			date[i] = v
		}
	}
	return t, nil
}

// columns are the columns of headers that are kept; an empty one where nothing is.
func (k *keying) columns() (out [mailsort.Keys]mailsort.Column) {
	for key := range mailsort.Keys {
		if k.want.Has(key) && mailsort.SetOf(key).Fields() != "" {
			k.name.key = key
			if out[key] = k.c.srv.keys.get(k.name); out[key] == nil {
				out[key] = mailsort.NewColumn(key)
			}
		}
	}
	return out
}

// gatherAtOnce is how many messages' headers are gathered before they become part of columns: what is gathered takes several
// times the memory, and what has become a part stays if a later question fails.
const gatherAtOnce = 16 * chunk

// headers returns the columns of what stands in the messages' headers, and those of the messages that are still there.
func (k *keying) headers(ctx context.Context, uids []uint32) (out [mailsort.Keys]mailsort.Column, there []uint32, err error) {
	if k.want.Fields() == "" {
		return out, uids, nil
	}
	out = k.columns()
	var gone []uint32
	for part := range slices.Chunk(k.missing(out, uids), gatherAtOnce) {
		before := k.held
		g := mailsort.NewGatherer(k.want)
		left, err := k.gather(ctx, g, part)
		k.release(k.held - before)
		if held := k.merge(&out, g); err == nil {
			err = k.hold(held)
		}
		if err != nil {
			return out, nil, err
		}
		gone = append(gone, left...)
	}
	return out, minus(uids, gone), nil
}

// missing are the messages of which not all is known.
func (k *keying) missing(columns [mailsort.Keys]mailsort.Column, uids []uint32) (out []uint32) {
	for _, c := range columns {
		if c != nil {
			out = union(out, minus(uids, c.UIDs()))
		}
	}
	return out
}

// merge makes what was gathered a part of the columns, keeps them, and returns by how many bytes they grew.
func (k *keying) merge(columns *[mailsort.Keys]mailsort.Column, g *mailsort.Gatherer) (grown int64) {
	if g.Len() == 0 {
		return 0
	}
	for key, c := range columns {
		if c == nil {
			continue
		}
		k.name.key = mailsort.Key(key)
		columns[key] = g.Merge(k.name.key, c)
		grown += columns[key].Bytes() - c.Bytes()
		k.c.srv.keys.put(k.name, columns[key])
	}
	return grown
}

// alive are those of the messages that are there.
func (k *keying) alive(uids []uint32) []uint32 {
	out := make([]uint32, 0, len(uids))
	for part := range chunks(uids) {
		for _, it := range k.c.view.Mailbox().Items(part) {
			out = append(out, it.UID)
		}
	}
	return out
}

// union merges two ascending lists.
func union(a, b []uint32) []uint32 {
	if len(a) == 0 {
		return b
	}
	more := minus(b, a)
	if len(more) == 0 {
		return a
	}
	out := slices.Concat(a, more)
	slices.Sort(out)
	return out
}
