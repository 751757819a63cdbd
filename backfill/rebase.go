package backfill

import (
	"context"
	"fmt"
	"slices"

	"crossfade/mapping"
	"crossfade/store"
)

// rebase follows a source folder whose UIDVALIDITY changed: what is shown stays, links are matched again by
// key, and messages that match none get new numbers.
//
// It may take several transactions and be killed between them. So the new numbering is recorded first, as one
// that is not in use yet; the last transaction puts it in the place of the old one. Until then the next look
// begins here again, and finds what is linked to the new numbering already.
func (f *folder) rebase(ctx context.Context, src Mail, b uint16, st BoxState) error {
	if err := f.fix(); err != nil { // the old numbers stay as they are
		return err
	}
	var entries []Entry
	name := f.record().Sources[b].Name
	st, err := src.Scan(ctx, name, Scan{UIDValidity: st.UIDValidity, Flags: true, Details: true}, func(e Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return err
	}
	f.acct.log.Warn("the source's UIDVALIDITY changed, messages are matched again", "folder", name, "uidvalidity", st.UIDValidity)
	old := f.linksOf(name)
	have := len(slices.DeleteFunc(slices.Clone(old), func(l store.Link) bool { return l.Lost }))
	if tooMany(have-len(entries), have) && f.answer(sourceProblem(b)) != deleted {
		f.setProblem(sourceProblem(b), fmt.Sprintf("the source's folder was created anew (UIDVALIDITY %d) and has %d messages of %d; nothing was deleted; 'crossfade accept' takes it as it is", st.UIDValidity, len(entries), have))
		return nil
	}
	next, err := f.numberedAnew(name, st.UIDValidity)
	if err != nil {
		return err
	}
	if err := f.rebaseBorrowed(b, old, entries, st.UIDValidity); err != nil {
		return err
	}
	if err := f.edit(func(e *edit) error { e.rebase(old, entries, b, next, st); return nil }); err != nil {
		return err
	}
	f.setProblem(sourceProblem(b), "")
	delete(f.source, b)
	return nil
}

// linksOf returns the links to a source folder under any of the numberings that it has had.
func (f *folder) linksOf(name string) []store.Link {
	boxes := f.record().Sources
	return f.where(func(l *store.Link) bool { return l.Src != 0 && boxes[l.Box].Name == name && !boxes[l.Box].Borrowed })
}

// numberedAnew finds a numbering of a source folder, or records it as one that is not in use.
func (f *folder) numberedAnew(name string, uidValidity uint32) (next uint16, err error) {
	err = f.edit(func(e *edit) error {
		for i, s := range e.rec.Sources {
			if s.Name == name && s.UIDValidity == uidValidity && !s.Borrowed {
				next = uint16(i)
				return nil
			}
		}
		r := e.record()
		next = uint16(len(r.Sources))
		r.Sources = append(slices.Clone(r.Sources), store.SourceBox{Name: name, UIDValidity: uidValidity, Gone: true})
		r.PastUIDValidities = appendNew(r.PastUIDValidities, uidValidity)
		return nil
	})
	return next, err
}

// rebase links the entries, which are the whole listing of source folder next, and puts next in the place of b.
func (e *edit) rebase(old []store.Link, entries []Entry, b, next uint16, st BoxState) {
	linked := bySource(e.f.links, next) // of an earlier try, or of a numbering that came back
	fresh := slices.DeleteFunc(slices.Clone(entries), func(en Entry) bool { _, ok := linked[en.UID]; return ok })
	stale := slices.DeleteFunc(slices.Clone(old), func(l store.Link) bool { return l.Box == next })
	byNew := make(map[uint32]uint32, len(fresh)) // new source UID -> shown UID
	for _, p := range mapping.Pair(keysOfLinks(stale), keysOfEntries(fresh)) {
		byNew[p.Above] = p.Below
	}
	kept := make(map[uint32]bool, len(entries))
	for _, en := range entries {
		uid := linked[en.UID]
		if uid == 0 {
			uid = byNew[en.UID]
		}
		l, ok := e.link(uid)
		if ok && recalled(&l) {
			e.forget(uid)
			ok = false
		}
		if !ok {
			e.insertLower(next, en, true)
			continue
		}
		kept[l.UID] = true
		if l.Box != next {
			l.Box, l.Src = next, en.UID
			e.put(l)
		}
		if !awaitsRecall(&l) {
			e.regain(l)
		}
	}
	for _, l := range old {
		if cur, ok := e.link(l.UID); ok && !kept[l.UID] {
			e.loseSource(cur)
		}
	}
	r := e.record()
	r.Sources = slices.Clone(r.Sources)
	r.Sources[b].Gone = true
	box := &r.Sources[next]
	box.Gone, box.UIDNext, box.ModSeq, box.Exists, box.First = false, st.UIDNext, 0, st.Exists, st.UIDNext // 0: flags are listed next
}

// keysOfLinks are the keys by which messages of two listings are proposed to be the same.
func keysOfLinks(links []store.Link) []mapping.Keyed {
	var out []mapping.Keyed
	for _, l := range links {
		if l.HasDetails {
			out = append(out, mapping.Keyed{UID: l.UID, Key: mapping.Key{Size: l.Size, ID: l.MsgID, Date: l.Date}})
		}
	}
	return out
}

func keysOfEntries(entries []Entry) []mapping.Keyed {
	out := make([]mapping.Keyed, len(entries))
	for i, en := range entries {
		out[i] = mapping.Keyed{UID: en.UID, Key: mapping.Key{Size: en.Size, ID: en.MsgID, Date: en.Date.Unix()}}
	}
	return out
}
