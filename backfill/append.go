package backfill

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// Append adds a client's messages to a folder, all or none, through the same writer as the copies. It returns
// their shown UIDs, or none of them when the destination does not tell which they are.
func (s *Session) Append(ctx context.Context, name string, items []AppendItem) (uidValidity uint32, uids []uint32, err error) {
	f, err := s.folder(ctx, name)
	if err != nil {
		return 0, nil, err
	}
	defer f.done()
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

// appendNow appends messages that exist nowhere else yet; the caller holds writer.
func (f *folder) appendNow(ctx context.Context, items []AppendItem) ([]uint32, error) {
	rec := f.record()
	if err := hasDest(rec); err != nil {
		return nil, err
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	results, err := w.Append(ctx, rec.Name, items)
	results = distinct(results)
	var entries []Entry
	learned := err == nil && len(results) == len(items)
	for i, r := range results {
		switch {
		case r.Err != nil && err == nil:
			err = r.Err
		case r.Err == nil && r.UID != 0 && r.UIDValidity == rec.DestUIDValidity:
			entries = append(entries, Entry{UID: r.UID, Flags: items[i].Flags, Date: items[i].Date, Size: items[i].Size})
		default:
			learned = false
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("destination: %w", err), f.undoAppend(ctx, w, entries))
	}
	if !learned { // what came in is found as new mail
		return nil, f.lookUpper(ctx)
	}
	if err := f.restoreKeywords(ctx, w, entries); err != nil {
		return nil, errors.Join(err, f.undoAppend(ctx, w, entries))
	}
	if rec.Identity.Native { // what came before them must be shown before them
		if err := f.lookDest(ctx, w); err != nil {
			f.acct.log.Warn("new mail could not be listed after an append", "folder", rec.Name, "err", err)
		}
	}
	uids, err := f.insertAll(entries)
	if err != nil { // what was told to have failed must not come up as new mail
		return nil, errors.Join(err, f.undoAppend(ctx, w, entries))
	}
	return uids, nil
}

// insertAll links messages that just came onto the destination and returns their shown UIDs.
func (f *folder) insertAll(entries []Entry) ([]uint32, error) {
	var uids []uint32
	keeps := f.keeps()
	err := f.edit(func(e *edit) error {
		uids = uids[:0]
		known := map[uint32]uint32{}
		for _, l := range f.where(func(l *store.Link) bool { return l.State == store.Above }) {
			known[l.Dst] = l.UID
		}
		for _, en := range entries {
			uid, ok := known[en.UID]
			if !ok {
				uid = e.insertAbove(en, keeps.holdable(en.Flags))
			}
			uids = append(uids, uid)
		}
		return nil
	})
	for _, en := range entries {
		f.noteAppended(en.UID + 1)
	}
	return uids, err
}

// undoAppend removes what came in of an APPEND that failed as a whole.
func (f *folder) undoAppend(ctx context.Context, w Writer, entries []Entry) error {
	links := make([]store.Link, len(entries))
	for i, en := range entries {
		links[i].Dst = en.UID
	}
	return f.removeUpper(ctx, w, links)
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
