package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/mapping"
	"crossfade/store"
)

// Append adds a client's messages to a folder, all or none, through the same writer as the copies. It returns
// their shown UIDs, or none of them when the destination altered them, so that it is not known which they are.
func (s *Session) Append(ctx context.Context, name string, items []AppendItem) (uidValidity uint32, uids []uint32, err error) {
	f, done, err := s.folder(ctx, name, nil)
	if err != nil {
		return 0, nil, err
	}
	defer done()
	if err := s.a.e.room(); err != nil {
		return 0, nil, err
	}
	if err := f.writer.take(ctx); err != nil {
		return 0, nil, err
	}
	defer f.writer.release()
	uids, err = f.appendNow(ctx, items)
	return f.record().Identity.UIDValidity, uids, err
}

// appendNow appends messages that exist nowhere else yet; the caller holds writer. They are journalled as strays before
// they are sent, as copies are by copyNow: a client that is told NO, or nothing because the program ends, finds none of
// them there afterwards, and where the connection ends before the destination's answer it is looked for what became of
// them before the client gets its own.
func (f *folder) appendNow(ctx context.Context, items []AppendItem) ([]uint32, error) {
	rec := f.record()
	if err := hasDest(rec); err != nil {
		return nil, err
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(items, func(it AppendItem) bool { return it.Binary }) && !w.Features().Caps.Has("BINARY") {
		return nil, &Refusal{Code: "UNKNOWN-CTE", Text: "the new server takes no messages with NUL in them"}
	}
	batch, err := hashItems(items)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, Writer) error{f.sameAbove, f.recover, f.removePending} {
		if err := step(ctx, w); err != nil {
			return nil, fmt.Errorf("destination: %w", err)
		}
	}
	strays, in, err := f.expectStrays(batch)
	if err != nil {
		return nil, err
	}
	results, err := w.Append(ctx, rec.Name, items)
	found, err := f.noteStrays(ctx, w, strays, in, distinct(results), err)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(items))
	for i, it := range items {
		if entries[i] = (Entry{UID: found[strays[i].UID], Flags: it.Flags, Date: it.Date, Size: it.Size}); entries[i].UID == 0 {
			return nil, errors.Join(f.forgetStrays(strays), f.lookUpper(ctx)) // altered: they are found as new mail
		}
	}
	if err := f.restoreKeywords(ctx, w, entries); err != nil {
		return nil, errors.Join(err, f.removePending(ctx, w))
	}
	if rec.Identity.Native { // what came before them must be shown before them
		if err := f.lookDest(ctx, w); err != nil {
			f.acct.log.Warn("new mail could not be listed after an append", "folder", rec.Name, "err", err)
		}
	}
	uids, err := f.adopt(strays, entries)
	if err != nil { // what was told to have failed must not stay
		return nil, errors.Join(err, f.removePending(ctx, w))
	}
	return uids, nil
}

// hashItems reads messages for what is journalled of them.
func hashItems(items []AppendItem) ([]incoming, error) {
	batch := make([]incoming, len(items))
	for i, it := range items {
		r, err := it.Open()
		if err != nil {
			return nil, err
		}
		m, err := spool.Sum(r)
		if err = errors.Join(err, r.Close()); err == nil && m.Size != it.Size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		date := it.Date
		if date.IsZero() {
			date = time.Now()
		}
		batch[i] = incoming{date: date, Message: m}
	}
	return batch, nil
}

// adopt makes strays messages of the folder and returns their shown UIDs.
func (f *folder) adopt(strays []store.Link, entries []Entry) ([]uint32, error) {
	var uids []uint32
	keeps := f.keeps()
	err := f.edit(func(e *edit) error {
		uids = uids[:0]
		for i, en := range entries {
			if l, ok := e.link(strays[i].UID); ok {
				e.forget(l.UID)
			}
			uids = append(uids, e.insertAbove(en, keeps.holdable(en.Flags)))
		}
		return nil
	})
	return uids, err
}

// forgetStrays lets what came in be found as new mail.
func (f *folder) forgetStrays(strays []store.Link) error {
	return f.edit(func(e *edit) error {
		for _, s := range strays {
			if l, ok := e.link(s.UID); ok {
				e.forget(l.UID)
			}
		}
		e.closeIntentIfDone()
		return nil
	})
}

// restoreKeywords stores keywords again that the destination dropped from an APPEND (SmarterMail does).
func (f *folder) restoreKeywords(ctx context.Context, w Writer, entries []Entry) error {
	rec := f.record()
	var set imap.UIDSet
	want := make(map[uint32]mapping.Flags)
	for _, en := range entries {
		if hasKeyword(en.Flags) {
			set.AddNum(imap.UID(en.UID))
			want[en.UID] = f.keeps().holdable(en.Flags)
		}
	}
	if len(set) == 0 {
		return nil
	}
	lost := make(map[mapping.Flags]imap.UIDSet)
	_, err := w.Scan(ctx, rec.Name, Scan{UIDValidity: rec.DestUIDValidity, UIDs: set, Flags: true}, func(e Entry) error {
		if missing := want[e.UID].Remove(e.Flags); missing != "" {
			s := lost[missing]
			s.AddNum(imap.UID(e.UID))
			lost[missing] = s
		}
		return nil
	})
	for flags, set := range lost {
		if err == nil {
			_, err = w.Store(ctx, rec.Name, rec.DestUIDValidity, set, FlagsAdd, flags)
		}
	}
	return err
}

func hasKeyword(f mapping.Flags) bool {
	for _, s := range f.List() {
		if !strings.HasPrefix(s, `\`) {
			return true
		}
	}
	return false
}
