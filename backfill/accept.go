package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crossfade/store"
)

// answer is what the admin says to a folder that has stopped because much vanished from a side.
type answer int

const (
	noAnswer  answer = iota
	deleted          // it was deleted, for good
	copyAgain        // it was lost on the destination: the source's messages are copied again
)

// Accepted tells what became of the admin's answer.
type Accepted struct {
	Account string `json:"account"`
	Folder  string `json:"folder,omitempty"`
	Done    string `json:"done"` // in words for the admin
}

// Accept takes the admin's word for what a side does not have any more, where the engine stopped to ask. Without
// again it was deleted: what vanished from the destination stays deleted, what vanished from the source is carried
// over to untouched copies, and what was not copied from a source folder that is gone is given up. With again the
// source's messages that the destination lost are copied again. Without a folder it is about the whole account's
// source.
func (e *Engine) Accept(ctx context.Context, name, folder string, again bool) (Accepted, error) {
	a, err := e.lookup(canonical(name))
	if err != nil {
		return Accepted{}, err
	}
	if a == nil {
		return Accepted{}, fmt.Errorf("no account %q is known: accounts are enrolled by their first login", name)
	}
	out := Accepted{Account: a.name, Folder: folder}
	if folder == "" {
		out.Done, err = a.accept(again)
		return out, err
	}
	f := a.byShownName(folder)
	if f == nil {
		return out, fmt.Errorf("the account has no folder %q: 'crossfade status' lists them", folder)
	}
	if err := f.use(); err != nil {
		return out, err
	}
	defer f.done()
	out.Done, err = f.accept(WithBackground(ctx), again)
	a.kick()
	return out, err
}

// accept takes the admin's word that what the source lost in all folders together was deleted.
func (a *account) accept(again bool) (string, error) {
	why := a.doubtful()
	switch {
	case why == "":
		return "", errors.New("nothing waits for an answer in this account; name a folder with --folder if one has stopped")
	case again:
		return "", errors.New("only what the destination lost can be copied again: name the folder with --folder")
	}
	if err := a.acceptLoss(true); err != nil {
		return "", err
	}
	return "what vanished from the source counts as deleted", nil
}

// acceptLoss records the admin's word that the source's losses were deleted, or that it has been followed: durably, so
// that nobody is asked twice and no later loss is believed for it.
func (a *account) acceptLoss(is bool) error {
	a.mu.Lock()
	same := a.accepted == is
	a.mu.Unlock()
	if !same {
		if err := a.change(func(rec *store.Account) { rec.LossAccepted = is }); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.believed, a.accepted = is, is
	return nil
}

// byShownName finds a folder as the status names it, or by its raw name.
func (a *account) byShownName(name string) *folder {
	for _, f := range a.all() {
		if rec := f.record(); rec.Deleted.IsZero() && (rec.Path.String() == name || rec.Name == name) {
			return f
		}
	}
	return nil
}

// accept answers the question of one folder.
func (f *folder) accept(ctx context.Context, again bool) (string, error) {
	if f.hasProblem("destination") {
		return f.acceptAbove(ctx, again)
	}
	if again {
		return "", errors.New("the destination lost nothing of this folder: --copy-again has nothing to do")
	}
	f.mu.RLock()
	asked := f.askedBelow()
	f.mu.RUnlock()
	if len(asked) == 0 {
		return "", errors.New("nothing waits for an answer in this folder")
	}
	return f.acceptBelow(ctx, asked)
}

// acceptBelow takes the admin's word for what source folders lost.
func (f *folder) acceptBelow(ctx context.Context, boxes []uint16) (string, error) {
	before := f.counted()
	if err := f.sync.take(ctx); err != nil {
		return "", err
	}
	defer f.sync.release()
	for _, b := range boxes {
		if f.hasProblem(lostFolder(b)) {
			if err := f.giveUp(ctx, b); err != nil {
				return "", err
			}
			continue
		}
		f.believe(sourceProblem(b), deleted)
		delete(f.source, b)
	}
	err := f.lookLower(ctx)
	for _, b := range boxes {
		f.believe(sourceProblem(b), noAnswer)
	}
	if err != nil {
		return "", err
	}
	now := f.counted()
	if now.lost > before.lost {
		if err := f.acct.acceptLoss(true); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d messages that were not copied are given up, %d copies go unless somebody touched them",
		before.states[store.Listed]-now.states[store.Listed], now.lost-before.lost), nil
}

// giveUp forgets what was not copied from a source folder that is gone; the caller holds sync.
func (f *folder) giveUp(ctx context.Context, b uint16) error {
	left := f.where(func(l *store.Link) bool { return onSource(l, b) && l.State == store.Listed })
	if err := f.lose(ctx, left); err != nil {
		return err
	}
	err := f.edit(func(e *edit) error {
		if r := e.record(); r.Sources[b].UIDValidity == 0 {
			r.Sources = slices.Clone(r.Sources)
			r.Sources[b].Gone = true
		}
		return nil
	})
	if err == nil {
		f.setProblem(lostFolder(b), "")
	}
	return err
}

// believe notes the admin's answer to one kind of problem, for the look that follows.
func (f *folder) believe(kind string, as answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answers == nil {
		f.answers = make(map[string]answer)
	}
	f.answers[kind] = as
}

func (f *folder) answer(kind string) answer {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if !f.rec.Deleted.IsZero() { // its user said so
		return deleted
	}
	return f.answers[kind]
}

// acceptAbove takes the admin's word for what the destination lost.
func (f *folder) acceptAbove(ctx context.Context, again bool) (string, error) {
	before := f.counted()
	for _, c := range []*claim{f.sync, f.writer} {
		if err := c.take(ctx); err != nil {
			return "", err
		}
		defer c.release()
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return "", err
	}
	rec := f.record()
	st, err := w.Examine(ctx, rec.Name)
	gone, remade := errors.Is(err, ErrNoFolder), errors.Is(err, ErrRemade)
	if err != nil && !gone && !remade {
		return "", err
	}
	as := map[bool]answer{false: deleted, true: copyAgain}[again]
	if gone || remade || st.UIDValidity != rec.DestUIDValidity || st.UIDNext != 0 && st.UIDNext < rec.DestUIDNext {
		if !again {
			return "", errors.New("the folder itself was deleted or created anew on the destination: restore it there, or have it copied again with --copy-again")
		}
		return f.meetAnew(ctx, gone)
	}
	f.believe("destination", as)
	defer f.believe("destination", noAnswer)
	f.setDest(cursor{})
	if err := f.lookUpper(ctx); err != nil {
		return "", err
	}
	now := f.counted()
	if again {
		return fmt.Sprintf("%d messages are copied again", now.states[store.Listed]-before.states[store.Listed]), nil
	}
	return fmt.Sprintf("%d messages stay deleted", before.onDest-now.onDest), nil
}

// meetAnew begins with the destination's folder from the start: what it has is matched with the source's messages
// as at the first meeting, and the rest is copied again. The caller holds both claims.
func (f *folder) meetAnew(ctx context.Context, create bool) (string, error) {
	rec := f.record()
	if len(ownSources(rec)) == 0 {
		if err := f.acct.dropFolder(f); err != nil {
			return "", err
		}
		f.acct.wantTree()
		return "the folder had no source; it is shown as the destination has it now", nil
	}
	lost := 0
	err := f.edit(func(e *edit) error {
		lost = 0
		for _, l := range f.links {
			if n := e.unmeet(l); n {
				lost++
			}
		}
		r := e.record()
		r.DestUIDValidity, r.DestUIDNext, r.DestModSeq, r.Arrivals, r.Landmarks = 0, 0, 0, nil, nil
		if r.Identity.Native { // the numbers were the destination's
			r.PastUIDValidities, r.Epoch = shownUnder(*r), r.Epoch+1
			r.Identity = store.Identity{Native: true, NextUID: r.Identity.NextUID}
		}
		e.closeIntent()
		return nil
	})
	if err != nil {
		return "", err
	}
	if rec.Identity.Native {
		g, done, err := f.renew(ctx)
		if err != nil {
			return "", err
		}
		defer done()
		f = g
	}
	f.mu.Lock()
	f.dest, f.appended, f.removed, f.onDest.Exists = cursor{}, 0, nil, !create
	f.mu.Unlock()
	f.setProblem("destination", "")
	if err := f.lookBoth(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("the destination's folder was met anew: %d messages are compared or copied again, %d that only the destination had are gone",
		f.counted().states[store.Listed], lost), nil
}

// unmeet forgets what a link says of the destination. It tells whether the message is lost with it.
func (e *edit) unmeet(l store.Link) (lost bool) {
	switch {
	case l.State == store.Whiteout:
		l.Dst, l.Paired = 0, false
		e.settle(l)
		return false
	case l.Src == 0 || l.Lost && l.State != store.Quarantined:
		e.forget(l.UID)
		return true
	case l.State == store.Copied, l.State == store.Copying:
		l.State = store.Listed
	}
	l.Dst, l.Sent, l.Paired, l.Leaving = 0, 0, false, false
	e.put(l)
	return false
}
