package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"crossfade/backfill/quarantine"
	"crossfade/store"
)

// fetchSaved answers for messages that the destination refused and the source has lost, or does not give now, from
// what was saved of them: whole, header, header fields, text, and parts of these. What else a client asks for (ENVELOPE, a MIME part)
// needs a parser that agrees with the source's, so it is unavailable: an answer that is made up would be kept.
func (m *Mailbox) fetchSaved(ctx context.Context, links []store.Link, items []string, each func(*RawItem) error) error {
	if len(links) == 0 {
		return nil
	}
	wants := make([]quarantine.Item, len(items))
	for i, item := range items {
		var ok bool
		if wants[i], ok = quarantine.ParseItem(item); !ok {
			return fmt.Errorf("%w: of a message that the new server refused and the old one lost, %s cannot be told", ErrUnavailable, item)
		}
	}
	slices.SortFunc(links, byUID)
	for _, l := range links {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.tellSaved(&l, wants, each); err != nil {
			return err
		}
	}
	return nil
}

// savedOnes parts messages into those of which bytes are saved and the others.
func (f *folder) savedOnes(links []store.Link) (saved, rest []store.Link) {
	for _, l := range links {
		name := ""
		if l.State == store.Quarantined {
			name, _ = f.savedAs(l.UID) // an error is as good as nothing saved
		}
		if name != "" && f.acct.e.saved.Has(f.acct.id, name) {
			saved = append(saved, l)
		} else {
			rest = append(rest, l)
		}
	}
	return saved, rest
}

// tellSaved answers all items of one message.
func (m *Mailbox) tellSaved(l *store.Link, wants []quarantine.Item, each func(*RawItem) error) error {
	name, err := m.f.savedAs(l.UID)
	if err != nil {
		return err
	}
	var open io.ReadCloser
	defer func() {
		if open != nil {
			_ = open.Close() // it was only read
		}
	}()
	at := 0
	return each(&RawItem{UID: l.UID, Next: func() (RawAtt, error) {
		if at == len(wants) {
			return RawAtt{}, io.EOF
		}
		if open != nil {
			_ = open.Close() // it was only read
		}
		var err error
		if open, err = m.a.e.saved.Open(m.a.id, name); err != nil {
			open = nil
			return RawAtt{}, errors.Join(ErrUnavailable, err)
		}
		w := wants[at]
		at++
		r, n, err := w.Answer(open, quarantine.Size(name))
		if errors.Is(err, quarantine.ErrLongHeader) {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if err != nil {
			return RawAtt{}, err
		}
		return RawAtt{Name: w.Name(), Literal: r, Size: n}, nil
	}})
}
