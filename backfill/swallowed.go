package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// What a destination took and does not have: it answered OK, or gave out a number, and the message is not in the folder.
//
// A rule or a quick user may have moved it to another folder: it is looked for there, and then belongs there. Else it is
// appended again, which is the one exception to "nothing doubled" and is counted. A destination that keeps only one of
// equal messages takes it every time and never has it. After maxSwallows times the message is set aside, with what the
// destination has in its place: to link it to that one would make two messages of the source one for ever, and deleting
// either would delete both.
const maxSwallows = 3

// newest is how many of the highest UIDs of other folders are looked at for a message that was moved away.
const newest = 200

// reasonSwallowed is not tried again by itself: it would be taken again, and not be there again.
const reasonSwallowed = "the destination answers OK and does not keep the message"

// swallowed counts, of the messages that the destination answered OK to, those that are not there, and sets aside what
// was taken too often.
func (f *folder) swallowed(answered []incoming) error {
	for _, m := range answered {
		l, ok := f.get(m.uid)
		gone := ok && l.State == store.Listed && l.Src != 0
		if f.countSwallow(m.uid, gone) < maxSwallows {
			continue
		}
		words := fmt.Sprintf("taken %d times%s", maxSwallows, f.inItsPlace(&l))
		f.acct.log.Warn("a message is set aside: the destination takes it and does not keep it", "folder", f.record().Name, "uid", m.uid, "words", words)
		if err := f.setAside(m, store.Quarantine{Reason: reasonSwallowed, Words: words}); err != nil {
			return err
		}
		f.countSwallow(m.uid, false)
	}
	return nil
}

// countSwallow counts how often a message was taken and is not there.
func (f *folder) countSwallow(uid uint32, gone bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !gone {
		delete(f.swallows, uid)
		return 0
	}
	if f.swallows == nil {
		f.swallows = make(map[uint32]int)
	}
	f.swallows[uid]++
	return f.swallows[uid]
}

// inItsPlace says which message the destination seems to have instead.
func (f *folder) inItsPlace(l *store.Link) string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	also := ""
	for i := range f.links {
		o := &f.links[i]
		switch {
		case o.UID == l.UID || o.Dst == 0 || o.State != store.Copied:
		case l.HasHash() && o.Hash == l.Hash:
			return fmt.Sprintf(": it has an equal message (UID %d there) and keeps only one of them", o.Dst)
		case l.MsgID != 0 && o.MsgID == l.MsgID:
			also = fmt.Sprintf(": it has another message with this Message-ID (UID %d there)", o.Dst)
		}
	}
	return also
}

// elsewhere looks for messages whose APPEND used up a number of the folder and that are not in it, in the newest mail of
// the account's other folders. It returns, by shown UID, those that were moved there; used tells that numbers were used.
func (f *folder) elsewhere(ctx context.Context, w Writer, in store.Intent, pending []store.Link, found map[uint32]uint32) (moved map[uint32]bool, used bool, err error) {
	lost := slices.DeleteFunc(slices.Clone(pending), func(l store.Link) bool {
		_, ok := found[l.UID]
		return ok || l.State != store.Copying
	})
	if len(lost) == 0 {
		return nil, false, nil
	}
	present := 0
	st, err := w.Scan(ctx, f.record().Name, Scan{UIDValidity: in.DestUIDValidity}, func(e Entry) error {
		if e.UID >= in.DestUIDNext {
			present++
		}
		return nil
	})
	if err != nil || uint64(st.UIDNext) <= uint64(in.DestUIDNext)+uint64(present) {
		return nil, false, err
	}
	moved = make(map[uint32]bool)
	for _, g := range f.acct.all() {
		if g == f || len(moved) == len(lost) {
			continue
		}
		if err := f.seekIn(ctx, w, g, lost, moved); err != nil {
			return nil, true, err
		}
	}
	return moved, true, nil
}

// seekIn looks for lost messages among the newest of another folder: what no link of it claims, or might.
func (f *folder) seekIn(ctx context.Context, w Writer, g *folder, lost []store.Link, moved map[uint32]bool) error {
	rec := g.record()
	if rec.DestUIDValidity == 0 || g.use() != nil {
		return nil
	}
	defer g.done()
	claimed := make(map[uint32]bool)
	var own []store.Link
	for _, l := range g.where(func(l *store.Link) bool { return l.State != store.Above }) {
		if claimed[l.Dst] = true; l.State == store.Listed || inFlight(&l) {
			own = append(own, l) // its own copies may be arriving right now
		}
	}
	var set imap.UIDSet
	first := max(rec.DestUIDNext, newest+1) - newest
	_, err := w.Scan(ctx, rec.Name, Scan{UIDValidity: rec.DestUIDValidity, UIDs: from(first), Details: true}, func(e Entry) error {
		is := func(l store.Link) bool { return like(&l, e.Size, e.MsgID) }
		if !claimed[e.UID] && slices.ContainsFunc(lost, is) && !slices.ContainsFunc(own, is) {
			set.AddNum(imap.UID(e.UID))
		}
		return nil
	})
	if err != nil || len(set) == 0 {
		return err
	}
	read := make(map[uint32]digest)
	if err := readDigests(ctx, w, rec.Name, rec.DestUIDValidity, set, read); err != nil {
		return err
	}
	for _, d := range read {
		if i := slices.IndexFunc(lost, func(l store.Link) bool { return l.Hash == d.hash && !moved[l.UID] }); i >= 0 {
			moved[lost[i].UID] = true
			f.acct.log.Info("a copy was moved to another folder as soon as it had arrived", "folder", f.record().Name, "uid", lost[i].UID, "to", rec.Name)
		}
	}
	return nil
}

// distinct takes UIDs out of results that stand for several messages: a destination that keeps one of equal messages
// tells the same number for each, also within one command.
func distinct(results []AppendResult) []AppendResult {
	times := make(map[uint32]int, len(results))
	for _, r := range results {
		times[r.UID]++
	}
	for i := range results {
		if times[results[i].UID] > 1 {
			results[i].UID = 0
		}
	}
	return results
}
