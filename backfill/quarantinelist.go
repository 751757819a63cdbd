package backfill

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/quarantine"
	"crossfade/backfill/spool"
	"crossfade/mapping"
	"crossfade/store"
)

// QuarantineFilter picks messages in quarantine; its zero value picks all.
type QuarantineFilter struct {
	Account string
	Folder  string // decoded, or the destination's raw name
	UID     uint32 // as clients see it
}

// Quarantined is one message that the destination does not have, as the admin is told of it.
type Quarantined struct {
	Account   string         `json:"account"`
	Folder    string         `json:"folder"` // decoded
	UID       uint32         `json:"uid"`    // as clients see it
	Class     string         `json:"class"`  // refused, too_big, unread, lost_at_source, other
	Reason    string         `json:"reason"`
	Code      string         `json:"code,omitempty"`
	Words     string         `json:"words,omitempty"` // the server's own
	Tried     time.Time      `json:"tried"`           // last
	Attempts  int            `json:"attempts"`
	Again     bool           `json:"trying_again,omitempty"` // on its way at this moment
	Source    string         `json:"source,omitempty"`       // the source's folder, raw
	SourceUID uint32         `json:"source_uid,omitempty"`
	Gone      bool           `json:"source_gone,omitempty"` // the source does not list it any more
	Saved     bool           `json:"saved"`                 // its bytes are in the state directory
	Size      int64          `json:"size"`                  // bytes, -1 if unknown
	Date      *time.Time     `json:"date,omitempty"`        // INTERNALDATE
	Flags     mapping.Flags  `json:"flags"`
	SignedOff *store.SignOff `json:"signed_off,omitempty"`
	File      string         `json:"file,omitempty"`    // of an export
	NoFile    string         `json:"no_file,omitempty"` // why there is none

	name string // of the saved bytes
	link store.Link
}

// Quarantine lists messages in quarantine.
func (e *Engine) Quarantine(ctx context.Context, filter QuarantineFilter, each func(Quarantined) error) error {
	return e.eachRefused(ctx, filter, func(_ *folder, qs []Quarantined, _ []store.Quarantine) error {
		for _, q := range qs {
			if err := each(q); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachRefused goes over the folders that have quarantine records of messages that the filter picks.
func (e *Engine) eachRefused(ctx context.Context, filter QuarantineFilter, each func(*folder, []Quarantined, []store.Quarantine) error) error {
	accounts, err := e.accountsNamed(filter.Account)
	if err != nil {
		return err
	}
	known := filter.Folder == ""
	for _, a := range accounts {
		for _, f := range a.all() {
			if rec := f.record(); filter.Folder != "" && rec.Path.String() != filter.Folder && rec.Name != filter.Folder {
				continue
			}
			known = true
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f.withRefused(filter.UID, each); err != nil {
				return err
			}
		}
	}
	if !known {
		return fmt.Errorf("no folder %q is known: 'crossfade status' lists the folders", filter.Folder)
	}
	return nil
}

// withRefused calls each with the folder's records, if there are any, while its links are in memory.
func (f *folder) withRefused(uid uint32, each func(*folder, []Quarantined, []store.Quarantine) error) error {
	recs, err := f.quarantined()
	if err != nil || len(recs) == 0 {
		return err
	}
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	var qs []Quarantined
	var picked []store.Quarantine
	for _, rec := range recs {
		q, ok := f.told(&rec)
		if ok && (uid == 0 || uid == rec.UID) {
			qs, picked = append(qs, q), append(picked, rec)
		}
	}
	if len(qs) == 0 {
		return nil
	}
	return each(f, qs, picked)
}

// told is what the admin is told of a quarantine record; ok is false if the record means nothing any more.
func (f *folder) told(rec *store.Quarantine) (q Quarantined, ok bool) {
	l, ok := f.get(rec.UID)
	if !ok || l.State != store.Quarantined && l.State != store.Listed && l.State != store.Copying {
		return q, false
	}
	folder := f.record()
	q = Quarantined{
		Account: f.acct.name, Folder: folder.Path.String(), UID: rec.UID, Class: classOf(*rec).String(), Reason: rec.Reason,
		Code: rec.Code, Words: rec.Words, Tried: rec.Time, Attempts: rec.Attempts, Again: l.State != store.Quarantined,
		SourceUID: l.Src, Gone: l.Lost, Saved: rec.Saved != "", Size: rec.Size, Flags: f.flags(l.Flags), SignedOff: rec.SignedOff,
		name: rec.Saved, link: l,
	}
	if l.Src != 0 {
		q.Source = folder.Sources[l.Box].Name
	}
	if l.HasDetails {
		date := time.Unix(l.Date, 0).In(zone(l.Zone))
		q.Date = &date
	}
	return q, true
}

// RetryQuarantine has messages in quarantine tried again now and returns how many. What has no bytes anywhere is not.
func (e *Engine) RetryQuarantine(ctx context.Context, filter QuarantineFilter) (n int, err error) {
	err = e.eachRefused(ctx, filter, func(f *folder, qs []Quarantined, recs []store.Quarantine) error {
		before := f.counted().states[store.Quarantined]
		if err := f.retry(recs, func(store.Quarantine) bool { return true }); err != nil {
			return err
		}
		n += before - f.counted().states[store.Quarantined]
		f.acct.kick()
		return nil
	})
	return n, err
}

// SignOff records that a person accepts that the destination does not have some messages, or with undo takes that back.
// It returns how many it concerned.
func (e *Engine) SignOff(ctx context.Context, filter QuarantineFilter, by string, undo bool) (n int, err error) {
	sign := &store.SignOff{By: by, Time: time.Now().UTC()}
	if undo {
		sign = nil
	}
	err = e.eachRefused(ctx, filter, func(f *folder, _ []Quarantined, recs []store.Quarantine) error {
		k, err := f.signOff(recs, sign)
		n += k
		return err
	})
	return n, err
}

func (f *folder) signOff(recs []store.Quarantine, sign *store.SignOff) (n int, err error) {
	err = f.edit(func(e *edit) error {
		n = 0
		for _, q := range recs {
			l, ok := e.link(q.UID)
			if !ok || l.State != store.Quarantined {
				continue // on its way again: it is signed off if it is refused again
			}
			n++
			as := e.refusedAs(q.UID)
			as.signed = sign != nil
			e.noteRefusal(q.UID, as)
			e.put(l) // counted anew
			acc, id := e.rec.Account, f.id
			e.also = append(e.also, func(tx *store.Tx) error {
				now, err := tx.Quarantined(acc, id, q.UID)
				if err != nil {
					return err
				}
				now.SignedOff = sign
				return tx.PutQuarantine(acc, id, now)
			})
		}
		return nil
	})
	return n, err
}

// ExportQuarantine gives the bytes of messages in quarantine: what was saved, else what the source has. Where neither
// has them, body is nil and NoFile says why.
func (e *Engine) ExportQuarantine(ctx context.Context, filter QuarantineFilter, each func(q Quarantined, size int64, body io.Reader) error) error {
	return e.eachRefused(ctx, filter, func(f *folder, qs []Quarantined, _ []store.Quarantine) error {
		for _, q := range qs {
			if err := f.export(ctx, q, each); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *folder) export(ctx context.Context, q Quarantined, each func(Quarantined, int64, io.Reader) error) error {
	if r, err := f.acct.e.saved.Open(f.acct.id, q.name); err == nil {
		check := &hashing{r: r, sum: sha256.New()}
		if err := errors.Join(each(q, quarantine.Size(q.name), check), r.Close()); err != nil {
			return err
		}
		if !strings.HasPrefix(q.name, hex.EncodeToString(check.sum.Sum(nil)[:16])) {
			return fmt.Errorf("%s: the saved bytes of UID %d in %s are damaged", q.Account, q.UID, q.Folder)
		}
		return nil
	}
	err := f.exportSource(ctx, &q, each)
	if errors.Is(err, errNotThere) {
		q.NoFile = err.Error()
		return each(q, 0, nil)
	}
	return err
}

// hashing hashes what is read.
type hashing struct {
	r   io.Reader
	sum hash.Hash
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.sum.Write(p[:n])
	return n, err
}

var errNotThere = errors.New("nothing was saved, and the source does not give the message")

// exportSource reads a message from the source.
func (f *folder) exportSource(ctx context.Context, q *Quarantined, each func(Quarantined, int64, io.Reader) error) error {
	if q.link.Lost || q.SourceUID == 0 {
		return errNotThere
	}
	src, err := f.acct.source(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotThere, err)
	}
	box := f.record().Sources[q.link.Box]
	var s *spool.Message
	err = src.Read(ctx, box.Name, box.UIDValidity, imap.UIDSetNum(imap.UID(q.SourceUID)), func(m *Message) (err error) {
		if s == nil {
			s, err = f.acct.e.bodies.Read(ctx, m.Size, m.Body)
		}
		return err
	})
	switch {
	case s == nil && err != nil:
		return fmt.Errorf("%w: %w", errNotThere, err)
	case s == nil:
		return errNotThere
	}
	defer s.Close()
	r, err := s.Open()
	if err != nil {
		return err
	}
	return errors.Join(each(*q, s.Size, r), r.Close())
}
