package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// What old clients delete and move on the source is carried over to the copies, with patience: a message must be
// missing from two complete listings some time apart; every other folder must have been looked at since, because
// the message may have been moved; and then only a copy goes that nobody touched here. A message that was moved is
// copied in its new folder like any other, takes over there what its user changed, and only then its old copy goes:
// killed in between, it is in both places for a while and never in none.

// carryGone carries over what vanished from the source long enough ago; it ends a pass over the folders. When all
// of that is done, the admin's word has served.
func (a *account) carryGone(ctx context.Context) error {
	a.doubtful()
	a.mu.Lock()
	served := a.accepted && !a.believed
	a.mu.Unlock()
	if served {
		if err := a.acceptLoss(false); err != nil {
			return err
		}
	}
	for _, f := range a.all() {
		if !f.mayHaveLost() {
			continue
		}
		if err := f.carryGone(ctx); err != nil {
			if ctx.Err() != nil || !folderOnly(err) {
				return err
			}
			a.log.Warn("what was deleted on the source is carried over later", "folder", f.record().Name, "err", err)
		}
	}
	return nil
}

// carryGone is the same for one folder.
func (f *folder) carryGone(ctx context.Context) error {
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	ripe, err := f.ripe(ctx)
	if err != nil || len(ripe) == 0 {
		return err
	}
	if why := f.acct.doubtful(); why != "" {
		f.acct.log.Warn("deletes on the source are not carried over", "why", why)
		return nil
	}
	newcomers, err := f.acct.newcomers(ctx)
	if err != nil {
		return err
	}
	defer newcomers.done()
	var remove, keep []uint32
	for i := range ripe {
		l := &ripe[i]
		to := newcomers.take(f, l)
		switch {
		case to == nil && newcomers.backlog: // it may be among what is still to be copied
		case to == nil && l.State == store.Copied && !l.Touched && l.Flags == l.Base:
			remove = append(remove, l.UID)
		case to == nil:
			keep = append(keep, l.UID)
		case !to.settled(): // its bytes are not there yet: the old copy waits for them
		default:
			if err := f.handOver(ctx, l, to); err != nil {
				return err
			}
			remove = append(remove, l.UID)
		}
	}
	f.keepLost(keep...)
	return f.removeCarried(ctx, ripe, remove)
}

// ripe are the losses that can be judged: old enough, every folder was looked at since, and the source says once
// more that they are gone. Those of a numbering that is not in use any more are never judged.
func (f *folder) ripe(ctx context.Context) ([]store.Link, error) {
	lost, since := f.lostLinks()
	rec, looked := f.record(), f.acct.lookedSince()
	byBox := make(map[uint16][]store.Link)
	for _, l := range lost {
		switch at := since[l.UID]; {
		case rec.Sources[l.Box].Gone || rec.Sources[l.Box].Borrowed:
			f.keepLost(l.UID)
		case at.Before(looked) && time.Since(at) >= f.acct.e.opt.Recheck && !f.hasProblem(sourceProblem(l.Box)) && !f.hasProblem(lostFolder(l.Box)):
			byBox[l.Box] = append(byBox[l.Box], l)
		}
	}
	var out []store.Link
	for b, links := range byBox {
		src, err := f.acct.source(ctx)
		if err != nil {
			return nil, err
		}
		gone, err := f.stillGone(ctx, src, b, links)
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		out = append(out, gone...)
	}
	sourceOrder(out)
	return out, nil
}

// lookedSince is the time since which all source folders and the tree itself were looked at.
func (a *account) lookedSince() time.Time {
	a.mu.Lock()
	oldest := a.treeInfo.sourceAt
	a.mu.Unlock()
	for _, f := range a.all() {
		f.mu.RLock()
		if len(ownSources(f.rec)) > 0 && f.below.Before(oldest) {
			oldest = f.below
		}
		f.mu.RUnlock()
	}
	return oldest
}

// doubtful tells why nothing is believed to be deleted on the account's source just now, or "". What each folder
// lost may be little, and all of it much.
func (a *account) doubtful() string {
	lost, copied := 0, 0
	for _, f := range a.all() {
		t := f.counted()
		lost, copied = lost+t.lost-len(f.keptLosses()), copied+t.states[store.Copied]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.believed = a.believes(lost)
	return a.doubt(lost, copied)
}

// believes tells whether the admin's word that it was deleted still has something to be about; the caller holds mu.
func (a *account) believes(lost int) bool {
	return a.believed && (lost > 0 || a.treeInfo.doubt != "" || a.treeInfo.at.IsZero())
}

// doubt is doubtful by counts that may be some moments old: so it changes nothing. The caller holds mu.
func (a *account) doubt(lost, copied int) string {
	switch {
	case a.believes(lost):
		return ""
	case tooMany(lost, copied):
		return fmt.Sprintf("%d of the account's %d messages vanished from the source: their copies stay until 'crossfade accept' says that they were deleted", lost, copied)
	}
	return a.treeInfo.doubt
}

// handOver gives a message in its new folder what the user changed on it in the old one.
func (f *folder) handOver(ctx context.Context, l *store.Link, to *newcomer) error {
	m := &Mailbox{a: f.acct, f: to.f}
	base, ours, theirs := f.flags(l.Base), f.flags(l.Flags), to.f.flags(to.link.Flags)
	want := mapping.Merge(base, ours, theirs)
	for _, c := range []change{{FlagsAdd, want.Remove(theirs)}, {FlagsRemove, theirs.Remove(want)}} {
		if c.flags == "" {
			continue
		}
		if err := m.Store(ctx, []uint32{to.link.UID}, c.op, c.flags); err != nil {
			return err
		}
	}
	f.acct.log.Info("a message was moved on the source, its copy follows", "from", f.record().Name, "to", to.f.record().Name)
	return nil
}

// removeCarried takes messages out of the folder whose copies go with them. The copies are journalled as whiteouts
// that still have one (see removePending), so a kill in between removes them later.
func (f *folder) removeCarried(ctx context.Context, judged []store.Link, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	if err := f.writer.take(ctx); err != nil {
		return err
	}
	defer f.writer.release()
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	now, err := f.flagsAbove(ctx, w, judged)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	was := make(map[uint32]store.Link, len(judged))
	for _, l := range judged {
		was[l.UID] = l
	}
	n := 0
	err = f.edit(func(e *edit) error {
		n = 0
		for _, u := range uids {
			l, ok := e.link(u)
			if !ok || l != was[u] { // a client was here meanwhile
				continue
			}
			switch flags, there := now[l.Dst]; {
			case l.State == store.Quarantined:
				e.release(l.UID)
				e.forget(l.UID)
			case there && flags == e.flagsOf(l.Sent):
				l.State = store.Whiteout
				e.put(l)
			case there: // somebody touched it on the destination
				e.mergeUpperFlags(l, flags, math.MaxUint64) // l is as it was
				continue
			default: // it vanished there: the next look finds that out
				continue
			}
			n++
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.acct.log.Info("deletes on the source were carried over", "folder", f.record().Name, "messages", n)
	if err := f.removePending(ctx, w); err != nil {
		return errors.Join(errCarried, err)
	}
	return nil
}

var errCarried = errors.New("the copies of messages that are gone from the source could not be removed yet")

// flagsAbove asks the destination for the present flags of copies.
func (f *folder) flagsAbove(ctx context.Context, w Writer, links []store.Link) (map[uint32]mapping.Flags, error) {
	var set imap.UIDSet
	for i := range links {
		if links[i].Dst != 0 {
			set.AddNum(imap.UID(links[i].Dst))
		}
	}
	out := make(map[uint32]mapping.Flags, len(links))
	if len(set) == 0 {
		return out, nil
	}
	rec := f.record()
	_, err := w.Scan(ctx, rec.Name, Scan{UIDValidity: rec.DestUIDValidity, UIDs: set, Flags: true}, func(en Entry) error {
		out[en.UID] = en.Flags
		return nil
	})
	return out, err
}
