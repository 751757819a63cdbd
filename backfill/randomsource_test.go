package backfill

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"crossfade/mapping"
	"crossfade/store"
)

// oldClient deletes, moves or flags a message on the source itself.
func (w *world) oldClient(folder string) {
	n, op := rapid.IntRange(0, 9).Draw(w.rt, "which"), rapid.SampledFrom([]string{"delete", "move", "flag"}).Draw(w.rt, "old client")
	to, flags := rapid.SampledFrom(w.folders).Draw(w.rt, "to"), w.flags()
	box, there := w.source(folder), w.source(to)
	if box == "" || there == "" {
		return
	}
	var msg fakeMsg
	w.src.with(box, func(b *fakeBox) {
		if n < len(b.msgs) {
			msg = *b.msgs[n]
		}
	})
	i := w.only(folder, box, msg)
	if i < 0 || op == "move" && to == folder { // then which of two is which could not be told
		return
	}
	it := &w.mail[folder][i]
	switch op {
	case "flag":
		w.src.with(box, func(b *fakeBox) { b.mark(msg.uid, flags.List()...) })
		it.flags = mapping.Merge(msg.flags, it.flags, flags)
	case "delete":
		w.removed(box, msg.uid)
		it.maybe = true
		it.gone = !it.touched && !it.loose
	case "move":
		w.moved(box, msg.uid, there)
		now := mail{id: it.id, flags: it.flags, loose: true, touched: it.touched, late: w.native(to)}
		it.maybe, it.gone = true, true
		w.mail[to] = append(w.mail[to], now)
	}
}

// stays takes back that a message must be gone from where an old client moved it away: a client did something with it,
// perhaps where it went to, before its old copy was removed.
func (w *world) stays(id string) {
	for _, f := range w.folders {
		for i := range w.mail[f] {
			if w.mail[f][i].id == id {
				w.mail[f][i].gone = false
			}
		}
	}
}

// only finds the model's one entry of a source message, if what becomes of it is certain: a message that clients
// changed goes with the source unless it has been copied, and one that an earlier copier brought over is not ours.
func (w *world) only(folder, box string, msg fakeMsg) int {
	id, found := subject(string(msg.body)), -1
	if msg.uid == 0 {
		return -1
	}
	for _, f := range w.folders {
		if w.strange[f][id] {
			return -1
		}
		for i, it := range w.mail[f] {
			if it.id == id && (found >= 0 || f != folder || it.maybe) {
				return -1
			}
			if it.id == id {
				found = i
			}
		}
	}
	if found < 0 {
		return -1
	}
	if w.borrowedFrom(box, msg.uid) {
		return -1
	}
	f := w.boxes[folder][0].f
	links := f.where(func(l *store.Link) bool {
		return l.Src == msg.uid && !f.rec.Sources[l.Box].Borrowed && f.rec.Sources[l.Box].Name == box
	})
	it := w.mail[folder][found]
	if len(links) != 1 || links[0].Paired || links[0].State == store.Whiteout || (it.touched || it.loose) && links[0].State != store.Copied {
		return -1
	}
	return found
}

// borrowedFrom tells whether a client copied or moved the message to another folder and it is not copied up yet.
func (w *world) borrowedFrom(box string, uid uint32) bool {
	for _, folder := range w.folders {
		f := w.boxes[folder][0].f
		boxes := f.record().Sources
		if len(f.where(func(l *store.Link) bool {
			return l.Src == uid && boxes[l.Box].Borrowed && boxes[l.Box].Name == box && l.State != store.Copied && l.State != store.Whiteout
		})) > 0 {
			return true
		}
	}
	return false
}

// blink hides some of a source folder's messages for a look or two: nothing may come of it.
func (w *world) blink(folder string) {
	box := w.source(folder)
	keep := rapid.SliceOfN(rapid.Bool(), 10, 10).Draw(w.rt, "keep")
	looks := rapid.IntRange(1, 3).Draw(w.rt, "looks")
	if box == "" {
		return
	}
	var all []*fakeMsg
	w.src.with(box, func(b *fakeBox) {
		all, b.msgs = b.msgs, nil
		for i, m := range all {
			if keep[i%len(keep)] {
				b.msgs = append(b.msgs, m)
			}
		}
		b.modseq++
	})
	for range looks {
		_ = w.boxes[folder][0].f.refresh(w.rt.Context(), 0) // what it shows meanwhile is not judged
	}
	w.src.with(box, func(b *fakeBox) { b.msgs = all })
}

// again has what a source in a blink did not give tried again now: its time comes in minutes.
func (w *world) again() {
	if _, err := w.e.RetryQuarantine(w.rt.Context(), QuarantineFilter{}); err != nil {
		w.rt.Fatal(err)
	}
	w.wait()
}

// carriedAll waits until everything that old clients did has been carried over.
func (w *world) carriedAll() {
	w.bed.t.Helper()
	for _, f := range w.folders {
		w.settled(w.boxes[f][0])
	}
	w.agree()
	for _, f := range w.folders {
		if i := slices.IndexFunc(w.mail[f], func(m mail) bool { return m.gone }); i >= 0 {
			w.rt.Fatalf("%s still shows %s, which is gone from the source: %s", f, w.mail[f][i].id, fmt.Sprint(w.src.has(w.source(f))))
		}
	}
}
