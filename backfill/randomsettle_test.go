package backfill

import (
	"fmt"
)

// native tells whether a folder shows what the destination has.
func (w *world) native(folder string) bool {
	box, ok := w.boxes[folder]
	return ok && w.now(box[0]).record().Identity.Native
}

// now is the folder that has taken the place of the one that a mailbox was opened on.
func (w *world) now(m *Mailbox) *folder {
	if f := m.a.matchRaw(m.Name()); f != nil {
		return f
	}
	return m.f
}

// settle settles a folder, or all, if they can; whoever had them open opens them again.
func (w *world) settle(folder string) []Unsettled {
	left, err := w.e.Settle(w.rt.Context(), "", folder)
	w.failed(err)
	w.reopen()
	return left
}

// reopen opens folders again that show other numbers by now.
func (w *world) reopen() {
	w.bed.t.Helper()
	for _, f := range w.folders {
		for i, m := range w.boxes[f] {
			if m.Life().Err() == nil {
				continue
			}
			if !m.Changes(1).Switched {
				w.rt.Errorf("%s has switched, and its changes do not say so", f)
			}
			box := w.boxes[f]
			box[i] = w.open(m.session(), f)
			w.boxes[f] = box
		}
	}
}

// settleEnd settles everything: in the end nothing stands in the way, and clients see the destination's numbers.
func (w *world) settleEnd() {
	w.bed.t.Helper()
	w.eventually(func() error {
		if left := w.settle(""); len(left) > 0 {
			return fmt.Errorf("not settled: %+v", left)
		}
		return nil
	})
	w.agree()
	for _, f := range w.folders {
		w.numbered(w.boxes[f][0])
	}
}
