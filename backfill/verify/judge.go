package verify

import (
	"slices"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// links judges link by link.
func (j *comparison) links() {
	at := 0
	j.folder.Links(func(l Link) {
		for at < len(j.before) && j.before[at].uid < l.UID {
			j.left(j.before[at])
			at++
		}
		var old was
		if at < len(j.before) && j.before[at].uid == l.UID {
			old = j.before[at]
			at++
		}
		j.link(l, old, l.Version == old.version)
	})
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
func (j *comparison) link(l Link, old was, sameFlags bool) {
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
	own := l.Src != 0 && !j.head.borrowed(l.Box)
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
			j.report.Deleted++
			j.done(own)
		}
	case store.Quarantined:
		j.quarantined[l.UID] = spot{l.Box, l.Src}
	case store.Above:
		if a != nil {
			j.report.DestOnly++
		}
	case store.Copied:
		if a == nil && (old.state != store.Copied || old.dst != l.Dst) {
			j.waits(l, nil) // copied at this very moment
			return
		}
		j.copied(l, a, b, own, sameFlags)
	}
}

func (j *comparison) waits(l Link, a *found) {
	j.report.Waiting++
	j.name(KindWaiting, l, a, "", l.State.String())
}

// done counts a message of the source's own as done.
func (j *comparison) done(own bool) {
	if own {
		j.report.Done++
	}
}

// copied judges a copy.
func (j *comparison) copied(l Link, a, b *found, own, sameFlags bool) {
	if b == nil && own {
		j.report.SourceGone++
	}
	switch {
	case b != nil && !b.has(isRead):
		j.report.Unread++
		j.name(KindUnread, l, a, "", "the source does not give it")
	case a != nil && !a.has(isRead):
		a.flags |= isCopy
		j.report.Unread++
		j.name(KindUnread, l, a, "", "the destination does not give it")
	case a == nil:
		j.missing = append(j.missing, l.kept())
	case !j.equal(l, a, b) && !j.altered(l, a, b):
		a.flags |= isCopy
		j.report.Different++
		j.name(KindDifferent, l, a, "", "")
	default:
		a.flags |= isCopy
		if j.equal(l, a, b) {
			j.report.Equal++
		} else {
			j.report.Altered++
			j.name(KindAltered, l, a, "", "")
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
func (j *comparison) altered(l Link, a, b *found) bool {
	if !l.Altered || b == nil || j.quick {
		return l.Altered
	}
	below, read := j.below[l.Box].texts[b.uid]
	return read && below == j.above.texts[a.uid]
}

// equal compares the bytes, with what was read when the message was copied if the source does not have it any more.
func (j *comparison) equal(l Link, a, b *found) bool {
	switch {
	case b != nil:
		return a.hash == b.hash
	case j.quick || !l.HasHash():
		return true
	}
	return a.hash == l.Hash
}

func (j *comparison) dates(l Link, a, b *found) {
	if b != nil && a.date != b.date {
		j.report.DatesDiffer++
		j.name(KindDate, l, a, utc(b.date), utc(a.date))
	}
}

func utc(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// flags compares the copy's flags with what clients are shown.
func (j *comparison) flags(l Link, a, b *found) {
	now := j.above.flagsOf(a)
	want := j.holdable(l.Shown)
	if b != nil {
		if below := j.below[l.Box].flagsOf(b); below != now && want == now {
			j.report.FlagsChanged++
		} else if want != now && mapping.Merge(l.Before, l.Shown, below) == now {
			return // the source's change was carried over at this very moment
		}
	}
	switch {
	case want == now:
	case l.Sent == now && now.Remove(want) == "" && onlyKeywords(want.Remove(now)):
		j.report.KeywordsUnheld++
		j.name(KindKeywords, l, a, string(want), string(now))
	default:
		j.report.FlagsDiffer++
		j.name(KindFlags, l, a, string(want), string(now))
	}
}

// holdable is what the destination can hold of a set of flags, by what its folder says now.
func (j *comparison) holdable(flags mapping.Flags) mapping.Flags {
	out, ok := j.wanted[flags]
	if !ok {
		out = j.above.state.Holds(flags)
		j.wanted[flags] = out
	}
	return out
}

func onlyKeywords(flags mapping.Flags) bool {
	return !slices.ContainsFunc(flags.List(), func(s string) bool { return s[0] == '\\' })
}

// unlinked judges what no link knows: on the source it came after the last look and waits; on the destination it is
// new mail.
func (j *comparison) unlinked() {
	j.own(func(b uint16, s *side) {
		for i := range s.msgs {
			if m := &s.msgs[i]; !m.has(isUsed) {
				j.report.Waiting++
				j.name(KindWaiting, Link{Link: &store.Link{Src: m.uid, Box: b}}, nil, "", "new on the source")
			}
		}
	})
	if j.above == nil {
		return
	}
	for i := range j.above.msgs {
		if m := &j.above.msgs[i]; !m.has(isUsed) {
			j.report.DestOnly++
			j.report.Unknown++
			j.name(KindUnknown, Link{}, m, "", "new on the destination")
		}
	}
}

// name names a message by its link, its copy or both.
func (j *comparison) name(kind string, l Link, a *found, want, got string) {
	d := Difference{Kind: kind, Want: want, Got: got, Size: -1}
	if l.Link != nil {
		d.SourceUID, d.DestUID, d.box = l.Src, l.Dst, l.Box
		if l.HasDetails {
			date := time.Unix(l.Date, 0).UTC()
			d.Size, d.Date = l.Size, &date
		}
		if l.Told {
			d.UID = l.UID
		}
		if l.Src != 0 {
			d.Box = j.head.Sources[l.Box].Name
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
	j.report.name(d)
}
