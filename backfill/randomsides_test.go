package backfill

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"crossfade/backfill/verify"
	"crossfade/store"
)

// sides lets somebody rename, delete or make anew a folder on one of the servers itself.
func (w *world) sides(folder string) {
	op := rapid.SampledFrom([]string{"old renames", "old renames", "old deletes", "old makes anew", "new deletes", "new renames"}).Draw(w.rt, "sides")
	to := rapid.SampledFrom(worldNames).Draw(w.rt, "name")
	switch op {
	case "old renames":
		w.oldRenames(folder, strings.ReplaceAll("INBOX."+to, "/", "."))
	case "old deletes":
		w.oldDeletes(folder)
	case "old makes anew":
		if box := w.oldDeletes(folder); box != "" {
			w.newBelow(box)
		}
	case "new deletes":
		w.newLoses(folder, "")
	case "new renames":
		w.newLoses(folder, to)
	}
}

// certain tells whether it is certain what a folder has: no message is about to go, and no command of it has failed.
func (w *world) certain(folder string) bool {
	return len(w.strange[folder]) == 0 && !slices.ContainsFunc(w.mail[folder], func(m mail) bool { return m.maybe || m.gone || m.late })
}

// looked tells whether the links know exactly what a source folder has.
func (w *world) looked(f *folder, box string) bool {
	rec := f.record()
	n := 0
	for _, b := range ownSources(rec) {
		if rec.Sources[b].Name == box && rec.Sources[b].UIDValidity != 0 {
			n = len(f.where(func(l *store.Link) bool { return onSource(l, b) }))
		}
	}
	return n > 0 && n == len(w.src.has(box))
}

// oldRenames renames a source folder with those below it on the source itself. Its messages stay what they are, wherever
// clients see them: what the engine calls the folder is its to say.
func (w *world) oldRenames(shown, to string) {
	f := w.now(w.boxes[shown][0])
	box := w.source(shown)
	if box == "" || box == "INBOX" || w.src.exists(to) || strings.HasPrefix(to, box+".") || len(w.src.under(to)) > 0 {
		return
	}
	moved := append([]string{box}, w.src.under(box)...)
	for _, name := range moved {
		g := w.account().matchAlias(name)
		if g == nil || g.deleted() || g.refresh(w.rt.Context(), 0) != nil || !w.looked(g, name) {
			return // the engine could not know it again
		}
	}
	was := map[string]*folder{}
	for _, name := range w.folders {
		was[name] = w.now(w.boxes[name][0])
	}
	w.src.renamed(box, to)
	w.eventually(func() error {
		must(w.rt, w.account().refreshTree(w.rt.Context(), 0))
		for _, name := range moved {
			if now := to + name[len(box):]; w.account().matchAlias(now) == nil {
				return fmt.Errorf("%s is shown nowhere", now)
			}
		}
		return nil
	})
	if g := w.account().matchAlias(to); g != f.now() {
		w.rt.Fatalf("%s was renamed to %s on the source, and is another folder now: %s", box, to, g.record().Name)
	}
	names := map[string]string{}
	for name, g := range was {
		if now := g.now().record().Name; now != name {
			names[name] = now
		}
	}
	w.renamedTo(names)
}

// renamedTo gives folders of the model new names.
func (w *world) renamedTo(names map[string]string) {
	w.bed.t.Helper()
	type place struct {
		mail    []mail
		strange map[string]bool
		boxes   [2]*Mailbox
		id      int
	}
	was := map[string]place{}
	for old := range names {
		was[old] = place{w.mail[old], w.strange[old], w.boxes[old], w.tale.id[old]}
		delete(w.mail, old)
		delete(w.strange, old)
		delete(w.boxes, old)
		delete(w.tale.id, old)
		delete(w.tale.asked, old)
	}
	for i, old := range w.folders {
		if now, ok := names[old]; ok {
			w.folders[i] = now
			p := was[old]
			w.mail[now], w.strange[now], w.boxes[now], w.tale.id[now] = p.mail, p.strange, p.boxes, p.id
			delete(w.tale.asked, now)
		}
	}
	for _, now := range names {
		w.notes(now, true)
	}
}

// oldDeletes deletes a source folder, alone, on the source itself, and returns its name, if all that was in it is copied:
// the copies stay.
func (w *world) oldDeletes(folder string) (box string) {
	f := w.now(w.boxes[folder][0])
	box = w.source(folder)
	if box == "" || box == "INBOX" || !w.certain(folder) || f.refresh(w.rt.Context(), 0) != nil || !w.looked(f, box) {
		return ""
	}
	if has := f.counted(); has.left()+has.states[store.Quarantined] > 0 {
		return ""
	}
	for _, m := range w.src.numbers(box) {
		if w.borrowedFrom(box, m) {
			return ""
		}
	}
	w.src.set(func() { w.src.drop(box) })
	return box
}

// newLoses deletes a folder on the destination itself, or renames it there. It is shown from the state until the admin has
// what the source has copied again; under the new name there is what the destination had.
func (w *world) newLoses(folder, to string) {
	f := w.now(w.boxes[folder][0])
	if folder == "INBOX" || !w.dst.exists(folder) || !w.certain(folder) || to != "" && (slices.Contains(w.folders, to) || w.dst.exists(to) || w.hasBelow(to)) ||
		w.hasBelow(folder) || strings.HasPrefix(to, folder+"/") || f.refresh(w.rt.Context(), 0) != nil || f.counted().removing+f.counted().flying > 0 ||
		w.unnoticed(f) {
		return
	}
	had := w.dst.ids(folder)
	w.dst.set(func() {
		if to == "" {
			w.dst.drop(folder)
		} else {
			w.dst.rename(folder, to)
		}
	})
	back := w.fromSource(f)
	if len(back) == 0 && len(ownSources(f.record())) == 0 {
		w.eventually(func() error {
			must(w.rt, w.account().refreshTree(w.rt.Context(), 0))
			if w.account().matchRaw(folder) != nil { // what was carried there once was copied: then the admin says so
				_, _ = w.e.Accept(w.rt.Context(), "Ann@example.test", folder, true)
				return fmt.Errorf("%s is still shown", folder)
			}
			return nil
		})
		w.goes(folder)
	} else {
		w.copiedAgain(folder, f, back)
	}
	if to == "" {
		return
	}
	must(w.rt, w.account().refreshTree(w.rt.Context(), 0))
	w.appears(to, 0)
	for _, id := range had {
		w.stays(id)
		w.mail[to] = append(w.mail[to], mail{id: id, loose: true})
	}
}

// unnoticed tells whether a source folder is gone and the engine does not know that yet. What both sides lost then is shown
// until the admin says that it is gone.
func (w *world) unnoticed(f *folder) bool {
	rec := f.record()
	return slices.ContainsFunc(ownSources(rec), func(b uint16) bool { return !w.src.exists(rec.Sources[b].Name) })
}

// fromSource are the messages of a folder that the source has still.
func (w *world) fromSource(f *folder) map[string]bool {
	back := map[string]bool{}
	boxes := f.record().Sources
	for _, l := range f.where(func(l *store.Link) bool { return l.Src != 0 && !l.Lost && l.State != store.Whiteout }) {
		back[w.src.idOf(boxes[l.Box].Name, l.Src)] = true
	}
	return back
}

// copiedAgain has the admin say that a folder is to be copied again.
func (w *world) copiedAgain(folder string, f *folder, back map[string]bool) {
	w.eventually(func() error {
		_ = f.refresh(w.rt.Context(), 0)
		if !f.hasProblem("destination") {
			return fmt.Errorf("%s: no problem is told", folder)
		}
		return nil
	})
	native := w.native(folder)
	if _, err := w.e.Accept(w.rt.Context(), "Ann@example.test", folder, true); err != nil {
		w.rt.Fatal(err)
	}
	delete(w.tale.asked, folder) // a subscription is the folder's in the fake server, and went with it
	w.mail[folder] = slices.DeleteFunc(w.mail[folder], func(m mail) bool { return !back[m.id] })
	for i := range w.mail[folder] {
		w.mail[folder][i].late = native
	}
	w.reopen()
}

// proven is verified, but for folders that are gone from the source: of those nothing can be proven.
func (w *world) proven() {
	w.bed.t.Helper()
	must(w.rt, w.e.Verify(w.rt.Context(), "", func(r verify.Report) error {
		lost := slices.ContainsFunc(r.Sources, func(box string) bool { return !w.src.exists(box) })
		if !r.OK && !(lost && strings.Contains(r.Problem, ErrNoFolder.Error())) {
			w.rt.Errorf("verify: %+v", r)
		}
		return nil
	}))
}

// under are a server's folders below one.
func (s *fakeServer) under(name string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.boxes {
		if strings.HasPrefix(n, name+s.sep) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// drop deletes one folder as somebody else would; the caller holds mu.
func (s *fakeServer) drop(name string) {
	delete(s.boxes, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
}

func (s *fakeServer) numbers(name string) (uids []uint32) {
	s.with(name, func(b *fakeBox) {
		for _, m := range b.msgs {
			uids = append(uids, m.uid)
		}
	})
	return uids
}

func (s *fakeServer) ids(name string) (ids []string) {
	s.with(name, func(b *fakeBox) {
		for _, m := range b.msgs {
			ids = append(ids, subject(string(m.body)))
		}
	})
	return ids
}

// idOf names a message by its UID; "" if it is not there.
func (s *fakeServer) idOf(name string, uid uint32) (id string) {
	s.with(name, func(b *fakeBox) {
		if b == nil {
			return
		}
		for _, m := range b.msgs {
			if m.uid == uid {
				id = subject(string(m.body))
			}
		}
	})
	return id
}
