package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossfade/store"
)

// ready brings a folder to where a client can be told of it: listed on both sides, with a fixed identity. A
// folder that was told of before is only looked at again, and goes on from its state if the source is down.
func (f *folder) ready(ctx context.Context) error {
	err := f.sync.take(ctx)
	if err == nil {
		defer f.sync.release()
	}
	rec := f.record()
	unmade := rec.DestUIDValidity == 0 && !f.hasProblem("create") // it was deleted and has come back
	switch {
	case err != nil && (unmade || !rec.Identity.Fixed):
		return err
	case !rec.Identity.Fixed:
		return f.meetAndFix(ctx)
	case err == nil:
		err = f.look(ctx, unmade)
	}
	if err != nil {
		if !IsUnavailable(err) {
			return err
		}
		f.acct.log.Warn("a server does not answer, the folder is shown from the state", "folder", f.record().Name, "err", err)
	}
	return f.acct.e.lineage.Mark(f.acct.key, f.record().Identity.UIDValidity)
}

// meetAndFix looks at a folder that nobody was told of and fixes its identity; the caller holds sync.
func (f *folder) meetAndFix(ctx context.Context) error {
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	f.fixing = true
	defer func() { f.fixing, f.withFix = false, nil }()
	if err := f.lookBoth(ctx); err != nil {
		return err
	}
	return f.fixAndMark()
}

// look lists what is new on both sides; the caller holds sync. Someone who copies into the folder just now is
// not waited for, unless the folder must be prepared first.
func (f *folder) look(ctx context.Context, must bool) error {
	if must {
		if err := f.writer.take(ctx); err != nil {
			return err
		}
		defer f.writer.release()
		return f.lookBoth(ctx)
	}
	lower := f.lookLower(ctx)
	if f.writer.tryTake() {
		defer f.writer.release()
		return errors.Join(lower, f.lookUpper(ctx))
	}
	f.owe() // who writes may have looked at the destination before something came there
	return lower
}

// lookBoth lists both sides; the caller holds both claims.
func (f *folder) lookBoth(ctx context.Context) error {
	if f.deleted() {
		return f.lookLower(ctx)
	}
	if err := f.prepare(ctx); err != nil {
		return err
	}
	if err := f.lookLower(ctx); err != nil {
		return err
	}
	return f.lookUpper(ctx)
}

// prepare sees to it that the folder exists on the destination and that an identity is chosen. A folder that
// the destination refuses to create is shown from the source; the reason is kept for the admin.
func (f *folder) prepare(ctx context.Context) error {
	rec := f.record()
	if rec.DestUIDValidity != 0 && rec.Identity.UIDValidity != 0 {
		return f.meet(ctx, rec)
	}
	if err := f.acct.e.room(); err != nil {
		return err
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	var dst BoxState
	if f.acct.rebuilding() && !f.onDestination().Exists {
		f.acct.log.Debug("the destination has no such folder; it is not made while the account is rebuilt", "folder", rec.Name)
	} else if err := f.create(ctx, w); err != nil {
		if IsUnavailable(err) || len(ownSources(rec)) == 0 {
			return err
		}
		f.setProblem("create", err.Error())
	} else if dst, err = f.examineMade(ctx, w); err != nil {
		return err
	} else {
		f.setDest(cursor{state: dst, met: time.Now()})
		f.setProblem("create", "")
		if dst.UIDValidity == 0 {
			f.setProblem("create", "the destination tells no UIDVALIDITY for the folder: nothing it has could be known again, so nothing is copied there")
		}
	}
	var src BoxState
	if own := ownSources(rec); len(own) > 0 && rec.Identity.UIDValidity == 0 {
		if src, err = f.examineAll(ctx, rec, own); err != nil {
			return err
		}
	}
	name, err := f.acct.givenUp(rec.Path)
	if err != nil {
		return err
	}
	return f.edit(func(e *edit) error {
		r := e.record()
		if r.DestUIDValidity == 0 {
			r.DestUIDValidity = dst.UIDValidity
		}
		if r.Identity.UIDValidity == 0 {
			r.Identity = f.identify(src, dst.UIDValidity, name.High(), f.acct.validityTaken(f))
			if e.keepClear(); !r.Identity.Native && r.State == folderSettled { // the destination's numbers were told before for another
				r.State, r.Settled = "blended", time.Time{}
			}
			for _, v := range name.UIDValidities {
				r.PastUIDValidities = appendNew(r.PastUIDValidities, v)
			}
		}
		if r.State == "" {
			r.State = "blended"
		}
		return nil
	})
}

// examineMade examines the destination's folder. Some servers list one that was deleted as long as there are others below
// it: that is made again.
func (f *folder) examineMade(ctx context.Context, w Writer) (BoxState, error) {
	st, err := w.Examine(ctx, f.record().Name)
	if !errors.Is(err, ErrNoFolder) || len(ownSources(f.record())) == 0 {
		return st, err
	}
	f.mu.Lock()
	f.onDest.Exists = false
	f.mu.Unlock()
	if err := f.create(ctx, w); err != nil {
		return st, err
	}
	return w.Examine(ctx, f.record().Name)
}

// meet looks whether the destination's folder is empty, if it was prepared but not listed when the program ended:
// only then it is known that messages of the two sides may be the same ones.
func (f *folder) meet(ctx context.Context, rec store.Folder) error {
	if rec.DestUIDNext != 0 || f.destCursor().state.UIDValidity != 0 {
		return nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	st, err := w.Examine(ctx, rec.Name)
	if err == nil {
		f.setDest(cursor{state: st, met: time.Now()})
	}
	return err
}

// examineAll returns the state of the source folder that may give the identity. Where two merged folders share
// a UIDVALIDITY neither may: the zero UIDNEXT says so, as it does of one that is not there any more.
func (f *folder) examineAll(ctx context.Context, rec store.Folder, own []uint16) (BoxState, error) {
	src, err := f.acct.source(ctx)
	if err != nil {
		return BoxState{}, err
	}
	var first BoxState
	for i, b := range own {
		st, err := src.Examine(ctx, rec.Sources[b].Name)
		switch met := rec.Sources[b].UIDValidity; {
		case errors.Is(err, ErrNoFolder) && met != 0: // it was listed before, and gives no new numbers
			st = BoxState{UIDValidity: met}
		case err != nil:
			return BoxState{}, fmt.Errorf("source: %w", err)
		default:
			f.lowerLooked(b, st)
		}
		switch {
		case i == 0:
			first = st
		case st.UIDValidity == first.UIDValidity:
			first.UIDNext = 0
		}
	}
	return first, nil
}

// create makes the folder on the destination if it is not there, and carries the source's subscription over.
func (f *folder) create(ctx context.Context, w Writer) error {
	rec := f.record()
	if f.onDestination().Exists || rec.DestUIDValidity != 0 {
		return nil
	}
	err := w.Create(ctx, rec.Name)
	var e *Error
	if err != nil && !(errors.As(err, &e) && e.Code == "ALREADYEXISTS") {
		return fmt.Errorf("the destination does not create the folder: %w", err)
	}
	f.mu.Lock()
	f.onDest.Exists = true
	f.mu.Unlock()
	return nil
}
