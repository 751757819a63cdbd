package backfill

import (
	"maps"
	"slices"
	"time"

	"crossfade/store"
)

// losses are links of messages that the source does not list any more.
type losses struct {
	seen map[uint32]time.Time // when it was first found, by shown UID
	kept map[uint32]bool      // looked into: the copy stays
}

// isLost tells whether it has to be found out what became of a link's message on the source.
func isLost(l *store.Link) bool {
	return l.Lost && (l.State == store.Copied || l.State == store.Quarantined)
}

// recalled tells a whiteout that stands for a removal on the source: if the message is back there, it is back.
// A copy that is still to be removed goes first.
func recalled(l *store.Link) bool {
	return l.State == store.Whiteout && l.Lost && !l.Touched && l.Dst == 0
}

// awaitsRecall tells a whiteout that will be recalled as soon as its copy is removed, if the message is back on the source by then:
// it stays noted as lost there until it is.
func awaitsRecall(l *store.Link) bool {
	return l.State == store.Whiteout && l.Lost && !l.Touched && l.Dst != 0
}

// recallsLater tells whether a source folder lists messages again whose copies are still to be removed.
func (f *folder) recallsLater(b uint16, all []Entry) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.tally.removing == 0 {
		return false
	}
	return slices.ContainsFunc(f.links, func(l store.Link) bool {
		return awaitsRecall(&l) && l.Box == b && listed(all, l.Src)
	})
}

// revive shows a message again whose removal on the source was carried over too early. It gets a new number:
// clients were told that the old one is gone.
func (e *edit) revive(l store.Link, en Entry) {
	e.forget(l.UID)
	e.insertLower(l.Box, en, false)
}

// noteLosses remembers since when messages are missing and has the account's other folders looked at.
func (f *folder) noteLosses(gone []store.Link) {
	now, n := time.Now(), 0
	f.mu.Lock()
	for _, g := range gone {
		if i, ok := find(f.links, g.UID); ok && isLost(&f.links[i]) {
			f.noteLoss(g.UID, now)
			n++
		}
	}
	f.mu.Unlock()
	if n == 0 {
		return
	}
	f.acct.mu.Lock()
	f.acct.lostAt = now
	f.acct.mu.Unlock()
	f.acct.kick()
}

// noteLoss is called with mu held. When a loss was noticed before the program started is not known: it counts as
// noticed now.
func (f *folder) noteLoss(uid uint32, now time.Time) {
	if f.losses.seen == nil {
		f.losses = losses{seen: make(map[uint32]time.Time), kept: make(map[uint32]bool)}
	}
	delete(f.losses.kept, uid)
	f.losses.seen[uid] = now
}

// lastLoss is when a source folder was last found to lack something.
func (a *account) lastLoss() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lostAt
}

// lostLinks are the folder's links whose fate on the source is not known, with when they were first missed. It
// forgets what is known of others.
func (f *folder) lostLinks() (out []store.Link, since map[uint32]time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, now := f.losses, time.Now()
	f.losses = losses{}
	for i := range f.links {
		l := &f.links[i]
		if !isLost(l) {
			continue
		}
		seen, ok := was.seen[l.UID]
		if !ok {
			seen = now
		}
		f.noteLoss(l.UID, seen)
		if was.kept[l.UID] {
			f.losses.kept[l.UID] = true
			continue
		}
		out = append(out, *l)
	}
	return out, maps.Clone(f.losses.seen)
}

func (f *folder) keepLost(uids ...uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range uids {
		if f.losses.kept != nil {
			f.losses.kept[u] = true
		}
	}
}

// mayHaveLost tells whether the folder has losses that nobody has looked into.
func (f *folder) mayHaveLost() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.tally.lost > len(f.losses.kept)
}

func (f *folder) keptLosses() map[uint32]bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.losses.kept
}
