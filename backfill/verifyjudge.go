package backfill

import (
	"fmt"
	"slices"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// comparison compares the two sides of a folder as they were just read. They are compared by the bytes; links only
// explain: which copy belongs to which message, what users deleted, what came by itself.
type comparison struct {
	f      *folder
	r      *FolderReport
	rec    store.Folder
	quick  bool
	before []was
	below  map[uint16]*side
	above  *side

	byHash  []uint32 // indexes into above.msgs, ordered by hash
	missing []store.Link
	wanted  map[store.FlagSet]mapping.Flags
	gone    int // own messages that the source should have and does not list
}

// all judges everything. No server is asked, and the folder's lock is held for no longer than reading takes.
func (j *comparison) all() {
	r := j.r
	r.Quick = j.quick
	for _, b := range ownSources(j.rec) {
		if s := j.below[b]; s != nil {
			r.Source += len(s.msgs)
		}
	}
	r.Total = r.Source
	if j.above != nil {
		r.Destination = len(j.above.msgs)
	}
	j.wanted = make(map[store.FlagSet]mapping.Flags)
	j.links()
	j.order()
	j.seekMissing()
	j.doubled()
	j.unlinked()
	if tooMany(j.gone, r.Source+j.gone) && r.Problem == "" {
		r.Problem = fmt.Sprintf("the source lists %d messages less than it did: that is not believed, so nothing is proven", j.gone)
	}
}

// links judges link by link.
func (j *comparison) links() {
	f := j.f
	f.mu.RLock()
	defer f.mu.RUnlock()
	at := 0
	for i := range f.links {
		l := &f.links[i]
		for at < len(j.before) && j.before[at].uid < l.UID {
			j.left(j.before[at])
			at++
		}
		var old was
		if at < len(j.before) && j.before[at].uid == l.UID {
			old = j.before[at]
			at++
		}
		j.link(l, old, f.changed[i] == old.version)
	}
	for ; at < len(j.before); at++ {
		j.left(j.before[at])
	}
}

// left is a link that went while both sides were read.
func (j *comparison) left(old was) {
	if a := j.above.at(old.dst); a != nil {
		a.flags |= isUsed
	}
}

// link judges one link; the caller holds the folder's lock. sameFlags: they did not change meanwhile.
func (j *comparison) link(l *store.Link, old was, sameFlags bool) {
	j.left(old)
	var b *found
	if l.Src != 0 {
		b = j.below[l.Box].at(l.Src)
	}
	a := j.above.at(l.Dst)
	for _, m := range []*found{a, b} {
		if m != nil {
			m.flags |= isUsed
		}
	}
	own := l.Src != 0 && !isBorrowed(j.rec, l.Box)
	if own && b == nil && !l.Lost && j.below[l.Box] != nil && l.State != store.Whiteout {
		j.gone++
	}
	switch l.State {
	case store.Listed, store.Copying:
		if b != nil || l.Lost || !own {
			j.waits(l, a)
		}
	case store.Whiteout:
		if b != nil {
			j.r.Deleted++
			j.done(own)
		}
	case store.Above:
		if a != nil {
			j.r.DestOnly++
		}
	case store.Copied:
		if a == nil && (old.state != store.Copied || old.dst != l.Dst) {
			j.waits(l, nil) // copied at this very moment
			return
		}
		j.copied(l, a, b, own, sameFlags)
	}
}

func (j *comparison) waits(l *store.Link, a *found) {
	j.r.Waiting++
	j.name(diffWaiting, l, a, "", l.State.String())
}

// done counts a message of the source's own as done.
func (j *comparison) done(own bool) {
	if own {
		j.r.Done++
	}
}

// copied judges a copy.
func (j *comparison) copied(l *store.Link, a, b *found, own, sameFlags bool) {
	if b == nil && own {
		j.r.SourceGone++
	}
	switch {
	case b != nil && !b.has(isRead):
		j.r.Unread++
		j.name(diffUnread, l, a, "", "the source does not give it")
	case a != nil && !a.has(isRead):
		a.flags |= isCopy
		j.r.Unread++
		j.name(diffUnread, l, a, "", "the destination does not give it")
	case a == nil:
		j.missing = append(j.missing, *l)
	case !j.equal(l, a, b) && !j.altered(l, a, b):
		a.flags |= isCopy
		j.r.Different++
		j.name(diffDifferent, l, a, "", "")
	default:
		a.flags |= isCopy
		if j.equal(l, a, b) {
			j.r.Equal++
		} else {
			j.r.Altered++
			j.name(diffAltered, l, a, "", "")
		}
		j.done(own && b != nil)
		j.dates(l, a, b)
		if sameFlags {
			j.flags(l, a, b)
		}
	}
}

// altered tells whether the copy is one of those that the destination is known to have rewritten, and its text is still
// the source's. Where the source does not have the message any more, the mark has to do.
func (j *comparison) altered(l *store.Link, a, b *found) bool {
	if !l.Altered || b == nil || j.quick {
		return l.Altered
	}
	below, read := j.below[l.Box].texts[b.uid]
	return read && below == j.above.texts[a.uid]
}

// equal compares the bytes, with what was read when the message was copied if the source does not have it any more.
func (j *comparison) equal(l *store.Link, a, b *found) bool {
	switch {
	case b != nil:
		return a.hash == b.hash
	case j.quick || !l.HasHash():
		return true
	}
	return a.hash == l.Hash
}

func (j *comparison) dates(l *store.Link, a, b *found) {
	if b != nil && a.date != b.date {
		j.r.DatesDiffer++
		j.name(diffDate, l, a, utc(b.date), utc(a.date))
	}
}

func utc(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// flags compares the copy's flags with what clients are shown.
func (j *comparison) flags(l *store.Link, a, b *found) {
	now, shown := j.above.flagsOf(a), j.f.sets.get(l.Flags)
	want := j.holdable(l.Flags)
	if b != nil {
		if below := j.below[l.Box].flagsOf(b); below != now && want == now {
			j.r.FlagsChanged++
		} else if want != now && mapping.Merge(j.f.sets.get(l.Base), shown, below) == now {
			return // the source's change was carried over at this very moment
		}
	}
	switch {
	case want == now:
	case j.f.sets.get(l.Sent) == now && now.Remove(want) == "" && onlyKeywords(want.Remove(now)):
		j.r.KeywordsUnheld++
		j.name(diffKeywords, l, a, string(want), string(now))
	default:
		j.r.FlagsDiffer++
		j.name(diffFlags, l, a, string(want), string(now))
	}
}

// holdable is what the destination can hold of a set of flags, by what its folder says now.
func (j *comparison) holdable(id store.FlagSet) mapping.Flags {
	out, ok := j.wanted[id]
	if !ok {
		out = j.above.state.holdable(j.f.sets.get(id))
		j.wanted[id] = out
	}
	return out
}

func onlyKeywords(flags mapping.Flags) bool {
	return !slices.ContainsFunc(flags.List(), func(s string) bool { return s[0] == '\\' })
}

// unlinked judges what no link knows: on the source it came after the last look and waits; on the destination it is
// new mail.
func (j *comparison) unlinked() {
	for _, b := range ownSources(j.rec) {
		s := j.below[b]
		if s == nil {
			continue
		}
		for i := range s.msgs {
			if m := &s.msgs[i]; !m.has(isUsed) {
				j.r.Waiting++
				j.name(diffWaiting, &store.Link{Src: m.uid, Box: b}, nil, "", "new on the source")
			}
		}
	}
	if j.above == nil {
		return
	}
	for i := range j.above.msgs {
		if m := &j.above.msgs[i]; !m.has(isUsed) {
			j.r.DestOnly++
			j.r.Unknown++
			j.name(diffUnknown, nil, m, "", "new on the destination")
		}
	}
}

// name names a message by its link, its copy or both.
func (j *comparison) name(kind string, l *store.Link, a *found, want, got string) {
	d := Difference{Kind: kind, Want: want, Got: got, Size: -1}
	if l != nil {
		d.UID, d.SourceUID, d.DestUID, d.box = l.UID, l.Src, l.Dst, l.Box
		if l.HasDetails {
			date := time.Unix(l.Date, 0).UTC()
			d.Size, d.Date = l.Size, &date
		}
		if d.UID >= provisional {
			d.UID = 0
		}
		if l.Src != 0 {
			d.Box = j.rec.Sources[l.Box].Name
		}
	}
	if a != nil {
		d.DestUID = a.uid
		if d.Date == nil && a.has(isRead) {
			date := time.Unix(a.date, 0).UTC()
			d.Date = &date
		}
	}
	d.Size = max(d.Size, 0)
	j.r.name(d)
}
