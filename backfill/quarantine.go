package backfill

import (
	"errors"
	"time"

	"crossfade/store"
)

// quarantine sets a message aside with the reason. It stays where it is and is still served from there.
func (e *edit) quarantine(l store.Link, q store.Quarantine) {
	l.State = store.Quarantined
	e.put(l)
	q.UID, q.Time, q.Size = l.UID, time.Now().UTC(), l.Size
	q.Attempts = e.f.tried(l.UID) + 1
	e.noteRefusal(l.UID, refusedAs{class: classOf(q)})
	acc, id := e.f.rec.Account, e.f.id
	e.also = append(e.also, func(tx *store.Tx) error { return tx.PutQuarantine(acc, id, q) })
}

// release removes a message's quarantine record.
func (e *edit) release(uid uint32) {
	acc, id := e.f.rec.Account, e.f.id
	e.also = append(e.also, func(tx *store.Tx) error { return tx.DeleteQuarantine(acc, id, uid) })
}

// refusal turns a driver's error into a quarantine record with the server's own words.
func refusal(err error) store.Quarantine {
	q := store.Quarantine{Reason: reasonRefused, Words: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		q.Words, q.Code = e.Text, e.Code
		if e.Text == "" && e.Err != nil {
			q.Words = e.Err.Error()
		}
	}
	return q
}
