package backfill

import (
	"context"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// renamed is a source folder that is listed under another name than it was.
type renamed struct {
	f   *folder
	b   uint16
	old string
	was mapping.Path // the path under the old name; nil if it is not known
	to  Folder
}

// Nine in ten messages of a folder must be found under the new name, with the same numbers or the same keys.
const renameShare = 10

// sampleKeys is how many messages' keys are compared where the numbers agree.
const sampleKeys = 200

// findRenamed finds source folders whose name is gone and that are listed under a new one. It goes by what is in them, so
// it does not matter how many names are gone: whoever renames a large branch takes most of them away.
func (a *account) findRenamed(ctx context.Context, info *treeInfo) (moved []renamed, err error) {
	missing, fresh := a.missingAndFresh(info.source)
	if len(missing) == 0 || len(fresh) == 0 {
		return nil, nil
	}
	src, err := a.source(ctx)
	if err != nil {
		return nil, err
	}
	for _, to := range fresh {
		st, err := src.Examine(ctx, to.Name)
		if errors.Is(err, ErrNoFolder) {
			continue
		}
		if err != nil {
			return nil, err
		}
		likely := func(m renamed) bool { return m.f.record().Sources[m.b].UIDValidity == st.UIDValidity }
		if i := slices.IndexFunc(missing, likely); i > 0 { // it is asked about first
			missing[0], missing[i] = missing[i], missing[0]
		}
		for i, m := range missing {
			is, err := m.f.isRenamed(ctx, src, m.b, to.Name, st)
			if errors.Is(err, ErrNoFolder) {
				break
			}
			if err != nil {
				return nil, err
			}
			if !is {
				continue
			}
			m.to = to
			moved, missing = append(moved, m), slices.Delete(missing, i, i+1)
			break
		}
	}
	return moved, nil
}

// missingAndFresh are the known source folders that are not listed, and the listed ones that are not known.
func (a *account) missingAndFresh(listed []Folder) (missing []renamed, fresh []Folder) {
	have := make(map[string]bool, len(listed))
	for _, l := range listed {
		have[l.Name] = true
	}
	_, known := a.index()
	for _, l := range listed {
		if !known[l.Name] && selectable(l.Attrs) {
			fresh = append(fresh, l)
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	for _, f := range a.all() {
		rec := f.record()
		for _, b := range ownSources(rec) {
			if s := rec.Sources[b]; !have[s.Name] && s.UIDValidity != 0 {
				missing = append(missing, renamed{f: f, b: b, old: s.Name, was: s.Path})
			}
		}
	}
	return missing, fresh
}

// isRenamed tells whether a source folder is the one that was linked as b. Under the same UIDVALIDITY the UIDs must
// be the same, and the keys of some messages; under another one, as some servers give with RENAME, the keys of
// nearly all.
func (f *folder) isRenamed(ctx context.Context, src Mail, b uint16, name string, st BoxState) (bool, error) {
	if err := f.use(); err != nil {
		return false, err
	}
	defer f.done()
	box := f.record().Sources[b]
	links := f.where(func(l *store.Link) bool { return onSource(l, b) })
	switch {
	case st.UIDValidity != box.UIDValidity:
		return f.keysAgree(ctx, src, name, st, links)
	case st.UIDNext != 0 && st.UIDNext < box.UIDNext:
		return false, nil
	case len(links) == 0:
		return st.UIDNext == box.UIDNext && box.UIDValidity > 1, nil
	}
	there := make(map[uint32]bool, len(links))
	if _, err := src.Scan(ctx, name, Scan{UIDValidity: st.UIDValidity}, func(en Entry) error { there[en.UID] = true; return nil }); err != nil {
		return false, err
	}
	found := slices.DeleteFunc(slices.Clone(links), func(l store.Link) bool { return !there[l.Src] })
	if !nearlyAll(len(found), len(links)) {
		return false, nil
	}
	return f.sampleAgrees(ctx, src, name, st, found)
}

func nearlyAll(n, of int) bool { return (of-n)*renameShare <= of }

// sampleAgrees compares keys of messages with the same numbers. Where none is known, a UIDVALIDITY that no other
// folder has must do: it is not one that the server gives to every folder.
func (f *folder) sampleAgrees(ctx context.Context, src Mail, name string, st BoxState, links []store.Link) (bool, error) {
	known := slices.DeleteFunc(links, func(l store.Link) bool { return !l.HasDetails })
	if len(known) == 0 {
		return st.UIDValidity > 1 && !f.acct.sharedValidity(f, st.UIDValidity), nil
	}
	known = known[:min(len(known), sampleKeys)]
	var set imap.UIDSet
	keys := make(map[uint32]mapping.Key, len(known))
	for i := range known {
		set.AddNum(imap.UID(known[i].Src))
		keys[known[i].Src] = keyOf(&known[i])
	}
	differ := 0
	_, err := src.Scan(ctx, name, Scan{UIDValidity: st.UIDValidity, UIDs: set, Details: true}, func(en Entry) error {
		if k, ok := keys[en.UID]; ok && k != (mapping.Key{Size: en.Size, ID: en.MsgID, Date: en.Date.Unix()}) {
			differ++
		}
		return nil
	})
	return differ == 0, err
}

// keysAgree tells whether nearly all messages are found by their keys.
func (f *folder) keysAgree(ctx context.Context, src Mail, name string, st BoxState, links []store.Link) (bool, error) {
	keys := keysOfLinks(links)
	if len(keys) == 0 || !nearlyAll(len(keys), len(links)) || !nearlyAll(int(st.Exists), len(links)) {
		return false, nil
	}
	var entries []Entry
	if _, err := src.Scan(ctx, name, Scan{UIDValidity: st.UIDValidity, Details: true}, func(en Entry) error { entries = append(entries, en); return nil }); err != nil {
		return false, err
	}
	return nearlyAll(len(mapping.Pair(keys, keysOfEntries(entries))), len(links)), nil
}

// sharedValidity tells whether another source folder of the account has the UIDVALIDITY.
func (a *account) sharedValidity(self *folder, v uint32) bool {
	for _, f := range a.all() {
		for _, s := range f.record().Sources {
			if f != self && !s.Borrowed && s.UIDValidity == v {
				return true
			}
		}
	}
	return false
}

// followRenames gives source folders their new names in every record, and journals the new names of the shown
// folders, all in one transaction.
func (a *account) followRenames(ctx context.Context, moved []renamed, shown map[*folder]mapping.Path) error {
	names := make(map[string]Folder, len(moved))
	for _, m := range moved {
		names[m.old] = m.to
		a.log.Info("a folder was renamed on the source, its messages follow", "from", m.old, "to", m.to.Name)
	}
	var fs []*folder
	for _, f := range a.all() {
		if !slices.ContainsFunc(f.record().Sources, func(s store.SourceBox) bool { _, ok := names[s.Name]; return ok }) {
			continue
		}
		if err := f.sync.take(ctx); err != nil {
			return err
		}
		defer f.sync.release()
		fs = append(fs, f)
	}
	err := a.e.commit(fs, func(es []*edit) error {
		for _, e := range es {
			r := e.record()
			r.Sources = slices.Clone(r.Sources)
			for i := range r.Sources {
				if to, ok := names[r.Sources[i].Name]; ok {
					r.Sources[i].Name, r.Sources[i].Path = to.Name, to.Path
				}
			}
			if path, ok := shown[e.f]; ok {
				r.RenameTo = path
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range fs {
		clear(f.source)
	}
	for _, m := range moved {
		m.f.setProblem(lostFolder(m.b), "")
	}
	return nil
}
