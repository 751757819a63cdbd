package backfill

import (
	"fmt"
	"slices"

	"crossfade/store"
)

// unsettled tells, from the state, what keeps the folder from being shown under the destination's numbers; nil if
// nothing does.
func (f *folder) unsettled() (why []string, err error) {
	f.countOnce()
	open, err := f.openIntent()
	if err != nil {
		return nil, err
	}
	rec, t := f.record(), f.counted()
	say := func(is bool, text string) {
		if is {
			why = append(why, text)
		}
	}
	count := func(n int, text string) {
		say(n > 0, fmt.Sprintf("%d messages %s", n, text))
	}
	say(f.acct.rebuilding(), "the account waits for 'crossfade rebuild'")
	say(f.rests(), "its copying is paused")
	for _, text := range []string{f.problem().Text, f.acct.doubtNow(), f.acct.hidden()} {
		say(text != "", text)
	}
	say(rec.DestUIDValidity == 0, "the destination's folder was not prepared yet")
	if n := f.unlisted(rec); n > 0 {
		say(true, fmt.Sprintf("%d source folders were not listed yet", n))
	}
	count(t.states[store.Listed], "are not copied yet")
	count(t.flying, "are being copied, or it is not known what became of their copying")
	say(open && t.flying == 0, "an interrupted copying was not looked into yet")
	count(t.removing, "are to be removed from the destination yet")
	count(t.leaving, "were being removed when the connection ended")
	count(t.unsigned(), "were refused by the destination, and nobody signed them off")
	f.mu.RLock()
	subscribing := f.subscribing()
	f.mu.RUnlock()
	say(subscribing, "its subscription was not carried over yet")
	say(len(rec.RenameTo) > 0, "it is being renamed")
	say(rec.Deleting, "it is being deleted")
	return append(why, f.badValidity(rec)...), nil
}

// doubtNow is doubtful without changing anything.
func (a *account) doubtNow() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.treeInfo.doubt
}

// unlisted counts the source folders of which nobody knows yet what they hold.
func (f *folder) unlisted(rec store.Folder) (n int) {
	for _, b := range ownSources(rec) {
		if !rec.Sources[b].Listed() {
			n++
		}
	}
	return n
}

// unsigned counts the messages in quarantine that nobody signed off.
func (t *tally) unsigned() (n int) {
	for c := range t.refused {
		n += t.refused[c] - t.signed[c]
	}
	return n
}

// badValidity tells why the destination's UIDVALIDITY cannot be shown: a client that remembers it, from the old server or
// from us, would take other messages for those it knows (RFC 9051 2.3.1.1).
func (f *folder) badValidity(rec store.Folder) (why []string) {
	v := rec.DestUIDValidity
	if v == 0 || len(f.knownUnder(rec, v)) == 0 {
		return nil
	}
	if high, ok := f.highestUnder(rec, v); ok && rec.Burnt > 0 && rec.Burnt >= high {
		return nil // all numbers that they can know were used up before anything was copied
	}
	return append(why, fmt.Sprintf("the destination's UIDVALIDITY, %d, was shown under this name before: clients would take "+
		"other messages for those that they know, so DNS may not move for this account", v))
}

// knownUnder are the records of folders by which clients may know a UIDVALIDITY under one of this one's names: its own,
// and those of others that have or had one of them. If it was this folder's before, by the destination's numbers, what else
// is noted of it comes from that.
func (f *folder) knownUnder(rec store.Folder, v uint32) (out []store.Folder) {
	again := slices.Contains(rec.ShownAbove, v)
	if knows(&rec, v, again) {
		out = append(out, rec)
	}
	names := namesOf(rec)
	for _, g := range f.acct.all() {
		if g == f {
			continue
		}
		if other := g.record(); knows(&other, v, again) && slices.ContainsFunc(namesOf(other), func(n string) bool {
			return slices.ContainsFunc(names, func(m string) bool { return sameName(n, m) })
		}) {
			out = append(out, other)
		}
	}
	return out
}

// knows tells whether the folder was shown under a UIDVALIDITY, here or by the source. now says that only what it is shown
// under at present counts.
func knows(rec *store.Folder, v uint32, now bool) bool {
	return !now && slices.Contains(rec.PastUIDValidities, v) || rec.Identity.Fixed && rec.Identity.UIDValidity == v ||
		slices.ContainsFunc(rec.Sources, func(s store.SourceBox) bool { return !s.Borrowed && s.UIDValidity == v })
}

// namesOf are the names under which clients may know the folder, those of its source folders included.
func namesOf(rec store.Folder) []string {
	names := append([]string{rec.Name}, rec.PastNames...)
	for _, s := range rec.Sources {
		if !s.Borrowed {
			names = append(names, s.Name)
		}
	}
	return names
}
