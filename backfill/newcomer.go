package backfill

import (
	"context"

	"crossfade/mapping"
	"crossfade/store"
)

// newcomer is a message that came to a source folder after its first listing, so that it may have been moved there.
type newcomer struct {
	f    *folder
	link store.Link
}

// settled tells whether the message is as safe in its new folder as its old copy is.
func (n *newcomer) settled() bool { return n.link.State == store.Copied }

// newcomers are those of one account. The hash decides; before there is one, size, Message-ID and date say that it
// has to be waited for.
type newcomers struct {
	folders []*folder
	byHash  map[[16]byte][]*newcomer
	byKey   map[mapping.Key][]*newcomer
	taken   map[*newcomer]bool
	backlog bool // messages of first listings, of which only the numbers are known, are still to be copied
}

// newcomers looks through all folders of the account, which stay loaded until done.
func (a *account) newcomers(ctx context.Context) (*newcomers, error) {
	n := &newcomers{byHash: map[[16]byte][]*newcomer{}, byKey: map[mapping.Key][]*newcomer{}, taken: map[*newcomer]bool{}}
	for _, f := range a.all() {
		if err := f.use(); err != nil {
			n.done()
			return nil, err
		}
		n.folders = append(n.folders, f)
		if err := f.learnNewcomers(ctx); err != nil {
			n.done()
			return nil, err
		}
		is := f.isNewcomer()
		n.backlog = n.backlog || len(f.where(func(l *store.Link) bool {
			return (l.State == store.Listed || l.State == store.Copying) && !l.Lost && !is(l)
		})) > 0
		for _, l := range f.where(is) {
			c := &newcomer{f, l}
			if l.HasHash() {
				n.byHash[l.Hash] = append(n.byHash[l.Hash], c)
			}
			n.byKey[keyOf(&l)] = append(n.byKey[keyOf(&l)], c)
		}
	}
	return n, nil
}

func (n *newcomers) done() {
	for _, f := range n.folders {
		f.done()
	}
}

func keyOf(l *store.Link) mapping.Key { return mapping.Key{Size: l.Size, ID: l.MsgID, Date: l.Date} }

// isNewcomer tells such links from others.
func (f *folder) isNewcomer() func(*store.Link) bool {
	boxes := f.record().Sources
	return func(l *store.Link) bool {
		if l.Src == 0 || l.Lost || l.State == store.Whiteout || l.State == store.Above {
			return false
		}
		b := &boxes[l.Box]
		return !b.Borrowed && !b.Gone && b.First > 0 && l.Src >= b.First
	}
}

// learnNewcomers asks for the details of those that were not copied yet.
func (f *folder) learnNewcomers(ctx context.Context) error {
	is := f.isNewcomer()
	return f.detailsBelow(ctx, split(f.where(func(l *store.Link) bool { return !l.HasDetails && is(l) })))
}

// take finds the message that a lost one became, each once; nil if there is none.
func (n *newcomers) take(from *folder, l *store.Link) *newcomer {
	for _, c := range n.byHash[l.Hash] {
		if l.HasHash() && !n.taken[c] {
			n.taken[c] = true
			return c
		}
	}
	if !l.HasDetails {
		return nil
	}
	for _, c := range n.byKey[keyOf(l)] {
		// One with another hash is another message; without Message-ID, size and date prove nothing.
		if !n.taken[c] && !(l.HasHash() && c.link.HasHash()) && (l.HasHash() || l.MsgID != 0) && !(c.f == from && c.link.UID == l.UID) {
			n.taken[c] = true
			return c
		}
	}
	return nil
}
