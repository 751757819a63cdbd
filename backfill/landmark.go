package backfill

import (
	"context"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// A mailbox that is deleted and made again by hand may have the same UIDVALIDITY as before: SmarterMail gives 1 to all
// folders, other servers count them from 1 in each mailbox. Then the numbers that the links know name other messages, and a
// flag, an EXPUNGE or a FETCH would hit those. So where the UIDVALIDITY says nothing, a folder remembers what the destination
// told of a few messages, its landmarks, and the driver holds the mailbox against them whenever it opens it, before a number
// is used (Prover). RFC 9051 2.3.1.1 is what makes this sure: what a number names never changes. Only the destination's own
// words are compared with each other, and a landmark that is gone says nothing, for its user may have deleted it.

// Landmarks are what a mailbox has to agree with, to be the one that it was.
type Landmarks struct {
	UIDValidity uint32 // they say nothing of a mailbox that has another one
	Marks       []store.Landmark
}

// Prover is a Writer that looks whether a mailbox is still the one it was.
type Prover interface {
	// Prove has each method that names a mailbox ask for its landmarks when it has been opened anew, and answer ErrRemade
	// before it uses a number if the mailbox does not agree with them. known must not block.
	Prove(known func(box string) Landmarks)
}

// UIDs are the landmarks' numbers.
func (ls Landmarks) UIDs() imap.UIDSet {
	uids := make([]uint32, len(ls.Marks))
	for i, l := range ls.Marks {
		uids[i] = l.UID
	}
	slices.Sort(uids)
	return SetOf(uids)
}

// Agree tells whether a mailbox that was just opened may be the one of the landmarks. uidNext is 0 if it was not told, there
// is what a listing of the landmarks' UIDs told, with details.
func (ls Landmarks) Agree(uidNext uint32, there []Entry) bool {
	for _, l := range ls.Marks {
		if uidNext != 0 && uidNext <= l.UID { // UIDNEXT never goes back (RFC 9051 2.3.1.1)
			return false
		}
		if i := slices.IndexFunc(there, func(e Entry) bool { return e.UID == l.UID }); i >= 0 && another(l, there[i]) {
			return false
		}
	}
	return true
}

// another tells whether a number names another message than it did. One thing that differs proves nothing: some servers
// estimate a size until they have read the message, a date may be lost when a mailbox's files are moved, a header may not be
// at hand for a moment. Where both have a Message-ID and it is the same, it is the same message.
func another(was store.Landmark, is Entry) bool {
	size := was.Size >= 0 && is.Size >= 0 && was.Size != is.Size
	date := was.Date != 0 && !is.Date.IsZero() && was.Date != is.Date.Unix()
	if was.MsgID != 0 && is.MsgID != 0 {
		return was.MsgID != is.MsgID && (size || date)
	}
	return size && date
}

// mostLandmarks is how many a folder has: one FETCH asks for them.
const mostLandmarks = 8

// weakValidity tells whether the destination's UIDVALIDITY would be the same for a folder made anew. RFC 9051 2.3.1.1
// proposes a time, which never comes again.
func weakValidity(v uint32) bool { return v < 100_000_000 }

// setLandmarks remembers what the destination tells of a few messages: the first and the last, and some in between. It asks
// only when those that it knows are gone or have become too old to know a mailbox that was restored from a backup. The
// caller has looked at the destination just now, and holds writer.
func (f *folder) setLandmarks(ctx context.Context, w Writer) error {
	rec := f.record()
	if _, ok := w.(Prover); !ok || rec.DestUIDValidity == 0 || !weakValidity(rec.DestUIDValidity) || f.hasProblem("destination") {
		return nil
	}
	uids := f.landmarksDue(rec)
	if uids == nil {
		return nil
	}
	var marks []store.Landmark
	what := Scan{UIDValidity: rec.DestUIDValidity, UIDs: SetOf(uids), Details: true}
	_, err := w.Scan(ctx, rec.Name, what, func(en Entry) error {
		m := store.Landmark{UID: en.UID, Size: en.Size, MsgID: en.MsgID}
		if !en.Date.IsZero() {
			m.Date = en.Date.Unix()
		}
		marks = append(marks, m)
		return nil
	})
	if err != nil || len(marks) == 0 {
		return err
	}
	return f.edit(func(e *edit) error {
		if r := e.record(); r.DestUIDValidity == rec.DestUIDValidity {
			r.Landmarks = marks
		}
		return nil
	})
}

// landmarksDue returns the UIDs of which landmarks are to be made, ascending; nil if those that there are will do: half of
// them are there still, and not many messages are behind them.
func (f *folder) landmarksDue(rec store.Folder) []uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.landmarked == f.version+1 { // nothing has changed since
		return nil
	}
	f.landmarked = f.version + 1
	var uids []uint32
	there, high := 0, uint32(0)
	for i := range f.links {
		l := &f.links[i]
		if l.Dst == 0 || l.State != store.Copied && l.State != store.Above {
			continue
		}
		uids = append(uids, l.Dst)
		if slices.ContainsFunc(rec.Landmarks, func(m store.Landmark) bool { return m.UID == l.Dst }) {
			there, high = there+1, max(high, l.Dst)
		}
	}
	behind := 0
	for _, u := range uids {
		if u > high {
			behind++
		}
	}
	if len(uids) == 0 || there > 0 && 2*there >= min(mostLandmarks, len(uids)) && behind <= len(uids)/8 {
		return nil
	}
	slices.Sort(uids)
	if len(uids) <= mostLandmarks {
		return uids
	}
	out := make([]uint32, mostLandmarks)
	for i := range out {
		out[i] = uids[i*(len(uids)-1)/(mostLandmarks-1)]
	}
	return out
}

// landmarks are those of the folder that has a name on the destination.
func (a *account) landmarks(box string) Landmarks {
	a.mu.Lock()
	all := slices.Collect(maps.Values(a.folders))
	a.mu.Unlock()
	for _, f := range all {
		f.mu.RLock()
		is, out := f.rec.Deleted.IsZero() && f.rec.Name == box, Landmarks{f.rec.DestUIDValidity, f.rec.Landmarks}
		f.mu.RUnlock()
		if is {
			return out
		}
	}
	return Landmarks{}
}

// proves has a new connection to the destination hold its mailboxes against what is known of them.
func (a *account) proves(w Writer) Writer {
	if p, ok := w.(Prover); ok {
		p.Prove(a.landmarks)
	}
	return w
}

const problemRemade = "the destination's folder holds other messages under the numbers that are known: the mailbox was deleted and made anew, or restored from an older copy. " +
	"Copying into it has stopped, nothing was deleted or changed, and what only the new server had is not shown. Put back the mailbox as it was; or 'crossfade accounts again' begins the account anew, " +
	"and 'crossfade accept --copy-again' this folder alone"

// sameAbove opens the destination's folder anew before something is added to it whose number nobody knows yet: what is
// added to another mailbox could not be found there, and would be added twice. The caller holds writer.
func (f *folder) sameAbove(ctx context.Context, w Writer) error {
	rec := f.record()
	if len(rec.Landmarks) == 0 {
		return nil
	}
	st, err := w.Examine(ctx, rec.Name)
	if err == nil && st.UIDValidity != rec.DestUIDValidity {
		err = ErrUIDValidity
	}
	return err
}

// landmarkNow sets landmarks behind a transfer: until then the folder could be made anew and nobody would know.
func (f *folder) landmarkNow(ctx context.Context) error {
	if !weakValidity(f.record().DestUIDValidity) {
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
	return f.setLandmarks(ctx, w)
}
