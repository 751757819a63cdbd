package backfill

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/quarantine"
	"crossfade/store"
)

// savedRun is how many messages one turn of a folder saves that could not be saved when they were refused.
const savedRun = 100

// readSaved brings messages that the source has lost from what was saved of them when they were refused, and returns
// those that are still to be read from the source.
func (f *folder) readSaved(ctx context.Context, links []store.Link, spool spooler, out func(incoming) error) (rest []store.Link, err error) {
	for _, l := range links {
		in, ok := incoming{}, false
		if l.Lost {
			if in, ok, err = f.fromSaved(ctx, &l, spool); err != nil {
				return nil, err
			}
		}
		if !ok {
			rest = append(rest, l)
			continue
		}
		if err := out(in); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// fromSaved reads one message from what was saved of it.
func (f *folder) fromSaved(ctx context.Context, l *store.Link, spool spooler) (incoming, bool, error) {
	name, err := f.savedAs(l.UID)
	if err != nil || name == "" {
		return incoming{}, false, err
	}
	r, err := f.acct.e.saved.Open(f.acct.id, name)
	if errors.Is(err, fs.ErrNotExist) {
		return incoming{}, false, nil
	}
	if err != nil {
		return incoming{}, false, err
	}
	defer func() { _ = r.Close() }() // it was only read
	s, err := spool(ctx, quarantine.Size(name), r)
	if err != nil {
		return incoming{}, false, err
	}
	if quarantine.Name(s) != name {
		s.Close()
		f.acct.log.Error("the saved bytes of a message are damaged and not used", "folder", f.record().Name, "uid", l.UID, "file", name)
		return incoming{}, false, nil
	}
	return incoming{l.UID, f.flags(l.Base), unlisted, time.Unix(l.Date, 0).In(zone(l.Zone)), s}, true, nil
}

// savedAs is the name of a message's saved bytes, "" if there are none.
func (f *folder) savedAs(uid uint32) (name string, err error) {
	err = f.acct.e.store.View(func(rx *store.Rx) error {
		q, err := rx.Quarantined(f.record().Account, f.id, uid)
		name = q.Saved
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return name, err
}

// saveMissing saves the bytes of refused messages that are not saved yet, or whose file is gone: there was no room, or
// the program ended too early. The source has them still.
func (f *folder) saveMissing(ctx context.Context, recs []store.Quarantine) error {
	if !f.acct.e.saved.On() {
		return nil
	}
	byBox := make(map[uint16][]store.Link)
	n := 0
	for _, q := range recs {
		l, ok := f.get(q.UID)
		if !ok || l.State != store.Quarantined || l.Src == 0 || l.Lost || q.Reason == reasonUnread || n == savedRun {
			continue
		}
		if q.Saved == "" || !f.savedSeen && !f.acct.e.saved.Has(f.acct.id, q.Saved) {
			byBox[l.Box] = append(byBox[l.Box], l)
			n++
		}
	}
	f.savedSeen = n < savedRun
	for b, links := range byBox {
		err := f.saveFrom(ctx, b, links)
		if errors.Is(err, quarantine.ErrNoRoom) {
			f.acct.log.Warn("the bytes of refused messages are not saved", "folder", f.record().Name, "err", err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// saveFrom reads messages of one source folder and saves them.
func (f *folder) saveFrom(ctx context.Context, b uint16, links []store.Link) error {
	src, err := f.acct.source(ctx)
	if err != nil {
		return err
	}
	box := f.record().Sources[b]
	byUID := make(map[uint32]uint32, len(links))
	var set imap.UIDSet
	for _, l := range links {
		byUID[l.Src] = l.UID
		set.AddNum(imap.UID(l.Src))
	}
	err = src.Read(ctx, box.Name, box.UIDValidity, set, func(m *Message) error {
		s, err := f.acct.e.bodies.Read(ctx, m.Size, m.Body)
		if err != nil {
			return err
		}
		defer s.Close()
		defer f.acct.e.saved.Hold()()
		name, err := f.acct.e.saved.Save(f.acct.id, s)
		if err != nil {
			return err
		}
		return f.noteSaved(byUID[m.UID], name)
	})
	if itemOnly(err) {
		return nil
	}
	return err
}

// noteSaved records what bytes were saved of a message in quarantine.
func (f *folder) noteSaved(uid uint32, name string) error {
	return f.edit(func(e *edit) error {
		if l, ok := e.link(uid); !ok || l.State != store.Quarantined {
			return nil
		}
		as := e.refusedAs(uid)
		as.saved = true
		e.noteRefusal(uid, as)
		acc, id := e.rec.Account, f.id
		e.also = append(e.also, func(tx *store.Tx) error {
			q, err := tx.Quarantined(acc, id, uid)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			q.Saved = name
			return tx.PutQuarantine(acc, id, q)
		})
		return nil
	})
}

// noteReleased remembers saved bytes of which a record goes.
func (a *account) noteReleased(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if name != "" && a.unnamed == nil {
		a.unnamed = make(map[string]bool)
	}
	if name != "" {
		a.unnamed[name] = true
	}
}

// sweepQuarantine removes saved bytes whose records went since the last time, unless another record names them. Files
// that no record ever named in this run are left alone: after the loss of the state they may be all there is.
func (a *account) sweepQuarantine() error {
	a.mu.Lock()
	names := a.unnamed
	a.unnamed = nil
	a.mu.Unlock()
	if len(names) == 0 || !a.e.saved.On() {
		return nil
	}
	err := a.e.saved.Sweep(a.id, func() (map[string]bool, error) { return names, a.keepNamed(names) })
	if err != nil {
		for name := range names {
			a.noteReleased(name)
		}
	}
	return err
}

// keepNamed takes out of some names those that a record bears.
func (a *account) keepNamed(names map[string]bool) error {
	return a.e.store.View(func(rx *store.Rx) error {
		for _, f := range a.all() {
			recs, err := rx.Quarantine(a.id, f.id)
			if err != nil {
				return err
			}
			for _, q := range recs {
				delete(names, q.Saved)
			}
		}
		return nil
	})
}
