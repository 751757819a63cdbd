package backfill

import (
	"errors"
	"time"

	"crossfade/store"
)

// quarantine sets a message aside with the reason. It stays where it is and is still served from there. What an earlier
// record says of the message is kept: how often it was tried, its saved bytes, that the admin signed it off.
func (e *edit) quarantine(l store.Link, q store.Quarantine) {
	l.State = store.Quarantined
	e.put(l)
	as := e.refusedAs(l.UID)
	as.class, as.saved = classOf(q), as.saved || q.Saved != ""
	e.noteRefusal(l.UID, as)
	q.UID, q.Time, q.Size, q.Attempts = l.UID, time.Now().UTC(), l.Size, 1
	acc, id := e.f.rec.Account, e.f.id
	e.also = append(e.also, func(tx *store.Tx) error {
		old, err := tx.Quarantined(acc, id, q.UID)
		switch {
		case err == nil:
			if q.Attempts, q.SignedOff = old.Attempts+1, old.SignedOff; q.Saved == "" {
				q.Saved = old.Saved
			}
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return tx.PutQuarantine(acc, id, q)
	})
}

// release removes a message's quarantine record. Its saved bytes are swept later.
func (e *edit) release(uid uint32) {
	e.noteRefusal(uid, refusedAs{})
	a, id := e.f.acct, e.f.id
	e.also = append(e.also, func(tx *store.Tx) error {
		old, err := tx.Quarantined(a.id, id, uid)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		a.noteReleased(old.Saved)
		return tx.DeleteQuarantine(a.id, id, uid)
	})
}

// renumberRefused lets a quarantine record follow its message to another number.
func (e *edit) renumberRefused(from, to uint32) {
	e.noteRefusal(to, e.refusedAs(from))
	e.noteRefusal(from, refusedAs{})
	acc, id := e.f.rec.Account, e.f.id
	e.also = append(e.also, func(tx *store.Tx) error {
		q, err := tx.Quarantined(acc, id, from)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		q.UID = to
		return errors.Join(tx.PutQuarantine(acc, id, q), tx.DeleteQuarantine(acc, id, from))
	})
}

// refusal turns a driver's error into a quarantine record with the server's own words.
func refusal(err error, saved string) store.Quarantine {
	q := store.Quarantine{Reason: reasonRefused, Words: err.Error(), Saved: saved}
	var e *Error
	if errors.As(err, &e) {
		q.Words, q.Code = e.Text, e.Code
		if e.Text == "" && e.Err != nil {
			q.Words = e.Err.Error()
		}
	}
	return q
}

// saveRefused saves the bytes of messages that are about to be set aside, while they are at hand. What cannot be
// saved is set aside all the same, and tried again later; the source has it.
func (f *folder) saveRefused(refused []incoming) []string {
	saved := make([]string, len(refused))
	for i, m := range refused {
		var err error
		if saved[i], err = f.acct.e.saved.Save(f.acct.id, m.Message); err != nil {
			f.acct.log.Warn("the bytes of a refused message are not saved", "folder", f.record().Name, "uid", m.uid, "err", err)
		}
	}
	return saved
}
