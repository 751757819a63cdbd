package backfill

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// tale is what clients were told of names: (name, UIDVALIDITY) belongs to one folder for ever.
type tale struct {
	next  int
	id    map[string]int            // by name: which folder bears it now
	dead  map[string]int            // by source folder: which folder it was shown in that was deleted
	told  map[string]map[uint32]int // by name and UIDVALIDITY: which folder was shown so
	asked map[string]bool           // by name: whether it is to be subscribed
}

var worldNames = []string{"Neu", "Neu/Unter", "Kunden", "Kunden/Unter", "Archiv", "Plain"}

// enter has both sessions open a folder.
func (w *world) enter(folder string) {
	w.bed.t.Helper()
	a := w.account()
	w.boxes[folder] = [2]*Mailbox{w.open(newSession(a), folder), w.open(newSession(a), folder)}
	w.notes(folder, true)
}

// notes checks under what a folder is shown. entered: it may have come to its name just now.
func (w *world) notes(folder string, entered bool) {
	w.bed.t.Helper()
	t := &w.tale
	if t.id == nil {
		t.id, t.dead, t.told, t.asked = map[string]int{}, map[string]int{}, map[string]map[uint32]int{}, map[string]bool{}
	}
	if t.id[folder] == 0 {
		t.next++
		t.id[folder] = t.next
	}
	if t.told[folder] == nil {
		t.told[folder] = map[uint32]int{}
	}
	v := w.boxes[folder][0].Status().UIDValidity
	for told, id := range t.told[folder] {
		if id != t.id[folder] && (v == told || entered && v < told) {
			w.rt.Fatalf("%s is shown under UIDVALIDITY %d, another folder of this name was under %d", folder, v, told)
		}
	}
	t.told[folder][v] = t.id[folder]
}

// source is one of the source folders that are shown here; "" if there is none.
func (w *world) source(folder string) string {
	rec := w.account().matchRaw(folder).record()
	var names []string
	for _, b := range ownSources(rec) {
		if w.src.exists(rec.Sources[b].Name) {
			names = append(names, rec.Sources[b].Name)
		}
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return rapid.SampledFrom(names).Draw(w.rt, "source")
}

// treeAgrees waits until clients see the folders that they should.
func (w *world) treeAgrees() {
	w.bed.t.Helper()
	s := newSession(w.account())
	w.becomes(s, append([]string{"Deleted Items"}, w.folders...)...)
	list, err := s.List(w.rt.Context())
	must(w.rt, err)
	for _, e := range list {
		if want, ok := w.tale.asked[e.Name]; ok && e.Subscribed != want {
			w.rt.Fatalf("%s is subscribed: %t", e.Name, e.Subscribed)
		}
	}
	for _, f := range w.folders {
		w.notes(f, false)
	}
}

// hasBelow tells whether clients see a folder below.
func (w *world) hasBelow(name string) bool {
	return slices.ContainsFunc(w.folders, func(f string) bool { return strings.HasPrefix(f, name+"/") })
}

// appears adds a folder to the model, as the folder id or as a new one.
func (w *world) appears(folder string, id int) {
	w.bed.t.Helper()
	w.folders = append(w.folders, folder)
	w.strange[folder] = map[string]bool{}
	w.tale.id[folder] = id
	w.enter(folder)
}

// goes removes a folder from the model.
func (w *world) goes(folder string) {
	w.folders = slices.DeleteFunc(w.folders, func(f string) bool { return f == folder })
	delete(w.mail, folder)
	delete(w.strange, folder)
	delete(w.boxes, folder)
	delete(w.tale.id, folder)
	delete(w.tale.asked, folder)
}

// tree lets a client, or somebody on one of the servers, change the folder tree.
func (w *world) tree(folder string) {
	op := rapid.SampledFrom([]string{"create", "delete", "delete", "rename", "rename", "rename", "subscribe", "inbox", "above", "below", "late"}).Draw(w.rt, "tree")
	to := rapid.SampledFrom(worldNames).Draw(w.rt, "name")
	s, ctx := newSession(w.account()), w.rt.Context()
	switch op {
	case "create":
		if w.refusal(s.Create(ctx, to), slices.Contains(w.folders, to)) {
			w.appears(to, 0)
		}
	case "delete":
		w.delete(s, folder)
	case "rename":
		w.rename(s, folder, to)
	case "subscribe":
		on := rapid.Bool().Draw(w.rt, "on")
		must(w.rt, s.Subscribe(ctx, folder, on))
		w.tale.asked[folder] = on
	case "inbox":
		w.renameInbox(s, to)
	case "above":
		if !slices.Contains(w.folders, to) && !w.dst.exists(to) {
			w.dst.set(func() { w.dst.add(to).put(message(w.next+1, "above")) })
			w.next++
			w.met(to, "", 0)
		}
	case "below":
		w.newBelow(strings.ReplaceAll("INBOX."+to, "/", "."))
	case "late":
		w.late()
	}
}

// refusal checks that a command was refused if it should have been, and tells whether it was done.
func (w *world) refusal(err error, should bool) bool {
	w.bed.t.Helper()
	var no *Refusal
	switch {
	case should && !errors.As(err, &no):
		w.rt.Fatalf("it should have been refused: %v", err)
	case !should && err != nil:
		w.rt.Fatalf("a command failed: %v", err)
	}
	return err == nil
}

func (w *world) delete(s *Session, folder string) {
	var sources []string
	rec := w.account().matchRaw(folder).record()
	for _, b := range ownSources(rec) {
		sources = append(sources, rec.Sources[b].Name)
	}
	if !w.refusal(s.Delete(w.rt.Context(), folder), folder == "INBOX") {
		return
	}
	for _, b := range w.boxes[folder] {
		if seen := b.Changes(0).UIDs; len(seen) > 0 && !b.Changes(1).Switched {
			w.rt.Fatalf("a session still sees %v in %s", seen, folder)
		}
	}
	for _, src := range sources {
		w.tale.dead[src] = w.tale.id[folder]
	}
	w.goes(folder)
}

func (w *world) rename(s *Session, folder, to string) {
	if folder == "INBOX" {
		return
	}
	refused := folder == to || slices.Contains(w.folders, to) || w.hasBelow(to) || strings.HasPrefix(to, folder+"/")
	if !w.refusal(s.Rename(w.rt.Context(), folder, to), refused) {
		return
	}
	for i, f := range w.folders {
		rest, ok := strings.CutPrefix(f, folder)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		now := to + rest
		w.folders[i] = now
		w.mail[now], w.strange[now], w.boxes[now], w.tale.id[now] = w.mail[f], w.strange[f], w.boxes[f], w.tale.id[f]
		delete(w.mail, f)
		delete(w.strange, f)
		delete(w.boxes, f)
		delete(w.tale.id, f)
		delete(w.tale.asked, f)
		delete(w.tale.asked, now)
		w.notes(now, true)
	}
}

// renameInbox moves all of INBOX's messages, if it is certain which those are.
func (w *world) renameInbox(s *Session, to string) {
	if len(w.strange["INBOX"]) > 0 || slices.ContainsFunc(w.mail["INBOX"], func(m mail) bool { return m.maybe || m.late }) {
		return
	}
	err := s.Rename(w.rt.Context(), "INBOX", to)
	if slices.Contains(w.folders, to) {
		w.refusal(err, true)
		return
	}
	if !w.failed(err) {
		w.appears(to, 0)
		w.mail[to], w.mail["INBOX"] = w.mail["INBOX"], nil
		for _, m := range w.mail[to] {
			w.stays(m.id)
		}
		return
	}
	must(w.rt, s.a.refreshTree(w.rt.Context(), 0))
	if s.a.matchRaw(to) == nil {
		return
	}
	w.appears(to, 0)
	for _, m := range w.mail["INBOX"] {
		w.strange[to][m.id], w.strange["INBOX"][m.id] = true, true
	}
	w.mail["INBOX"] = nil
}

// met adds a message that came with a new folder on one of the servers, and the folder if clients see it anew.
func (w *world) met(folder, src string, id int) {
	w.bed.t.Helper()
	if !slices.Contains(w.folders, folder) {
		must(w.rt, w.account().refreshTree(w.rt.Context(), 0))
		w.appears(folder, id)
	}
	w.mail[folder] = append(w.mail[folder], mail{id: name(w.next), loose: src == "", late: src != "" && w.native(folder)})
}

// newBelow makes a folder on the source, with a message in it. Where clients see it is the engine's to say.
func (w *world) newBelow(src string) {
	if w.src.exists(src) {
		return
	}
	w.next++
	w.src.set(func() { w.src.add(src).put(message(w.next, "below")) })
	w.eventually(func() error {
		must(w.rt, w.account().refreshTree(w.rt.Context(), 0))
		if f := w.account().matchAlias(src); f != nil {
			w.met(f.record().Name, src, 0)
			return nil
		}
		return fmt.Errorf("%s is shown nowhere", src)
	})
}

// late has mail come to the source of a folder that was deleted: the folder comes back with it alone.
func (w *world) late() {
	graves := map[string]*folder{}
	for _, f := range w.account().all() {
		if rec := f.record(); f.deleted() {
			for _, b := range ownSources(rec) {
				if w.src.exists(rec.Sources[b].Name) {
					graves[rec.Sources[b].Name] = f
				}
			}
		}
	}
	if len(graves) == 0 {
		return
	}
	src := rapid.SampledFrom(slices.Sorted(maps.Keys(graves))).Draw(w.rt, "grave")
	f := graves[src]
	want := w.dst.Name(w.account().freePath(f.record().Path))
	w.next++
	w.src.with(src, func(b *fakeBox) { b.put(message(w.next, "late")) })
	w.eventually(func() error {
		must(w.rt, f.use())
		err := f.refresh(w.rt.Context(), 0)
		f.done()
		must(w.rt, w.account().refreshTree(w.rt.Context(), 0))
		if f.deleted() {
			return fmt.Errorf("%s does not come back: %v", want, err)
		}
		return nil
	})
	if got := f.now().record().Name; got != want {
		w.rt.Fatalf("%s has come back as %s", want, got)
	}
	w.met(want, src, w.tale.dead[src])
}
