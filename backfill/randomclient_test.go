package backfill

import (
	"slices"

	"pgregory.net/rapid"
)

// touch changes or removes a message on the destination as another client would. One that is removed before the answer to
// its APPEND has come may be appended again: the destination took it and does not have it.
func (w *world) touch(folder string) {
	f := w.now(w.boxes[folder][0])
	n, remove, flags := rapid.IntRange(0, 9).Draw(w.rt, "which"), rapid.Bool().Draw(w.rt, "remove"), w.flags()
	w.dst.with(folder, func(b *fakeBox) {
		if b == nil || n >= len(b.msgs) {
			return
		}
		m := b.msgs[n]
		for i := range w.mail[folder] {
			if l := &w.mail[folder][i]; l.id == subject(string(m.body)) {
				l.loose, l.maybe, l.touched, l.gone = true, l.maybe || remove, true, false
			}
		}
		if remove {
			if len(f.where(inFlight)) > 0 {
				w.strange[folder][subject(string(m.body))] = true
			}
			b.remove(m.uid)
		} else {
			b.mark(m.uid, flags.List()...)
		}
	})
}

func (w *world) appendOne(folder string) {
	w.next++
	flags := w.flags()
	_, _, err := w.boxes[folder][0].session().Append(w.rt.Context(), folder, []AppendItem{item(message(w.next, "mine"), flags.List()...)})
	if w.failed(err) {
		w.strange[folder][name(w.next)] = true
		return
	}
	w.mail[folder] = append(w.mail[folder], mail{id: name(w.next), flags: flags})
}

func (m *Mailbox) session() *Session { return newSession(m.a) }

// failed tells whether a command failed; it may only where a connection was cut.
func (w *world) failed(err error) bool {
	if err != nil && !w.cut {
		w.rt.Fatalf("a command failed: %v", err)
	}
	return err != nil
}

// command is a client's command on one message that it sees.
func (w *world) command(folder string) {
	m := w.boxes[folder][rapid.IntRange(0, 1).Draw(w.rt, "session")]
	n := rapid.IntRange(0, 9).Draw(w.rt, "which")
	op := rapid.SampledFrom([]string{"store", "expunge", "copy", "move"}).Draw(w.rt, "command")
	to, how, flags := rapid.SampledFrom(w.folders).Draw(w.rt, "to"), rapid.SampledFrom([]FlagOp{FlagsSet, FlagsAdd, FlagsRemove}).Draw(w.rt, "op"), w.flags()
	seen, err := w.trySee(m)
	if err != nil || n >= len(seen) {
		return
	}
	uid, id := []uint32{seen[n].uid}, subject(seen[n].body)
	i := slices.IndexFunc(w.mail[folder], func(x mail) bool { return x.id == id && (x.loose || x.flags == seen[n].flags) })
	if i < 0 || slices.ContainsFunc(w.mail[folder], func(x mail) bool { return x.id == id && x.maybe }) {
		return // it is about to go, or a failed command left it
	}
	it := w.mail[folder][i]
	switch op {
	case "store":
		err = m.Store(w.rt.Context(), uid, how, flags)
		it.flags, it.touched = applyFlags(it.flags, how, flags), true
	case "expunge":
		err = m.Expunge(w.rt.Context(), uid)
	case "copy":
		_, err = m.Copy(w.rt.Context(), uid, to)
	case "move":
		_, err = m.Move(w.rt.Context(), uid, to)
	}
	if w.failed(err) {
		w.strange[to][id], w.strange[folder][id] = true, true
		w.mail[folder] = slices.Delete(w.mail[folder], i, i+1)
		return
	}
	w.stays(id)
	if op != "copy" {
		w.mail[folder] = slices.Delete(w.mail[folder], i, i+1)
	}
	switch op {
	case "store":
		w.mail[folder] = append(w.mail[folder], it)
	case "copy", "move":
		w.mail[to] = append(w.mail[to], it)
	}
}
