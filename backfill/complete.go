package backfill

import (
	"fmt"
	"strings"
	"time"

	"crossfade/store"
)

// clientNoted is how often it is noted that a client has a folder open.
const clientNoted = 24 * time.Hour

// noteClient notes now and then that a client has the folder open: one that nobody has opened yet settles later. A state
// that cannot be written keeps nobody out.
func (f *folder) noteClient() {
	now := time.Now().UTC()
	if last := f.record().LastClient; !last.IsZero() && now.Sub(last) < clientNoted {
		return
	}
	err := f.edit(func(e *edit) error { e.record().LastClient = now; return nil })
	if err != nil && !IsFull(err) {
		f.acct.log.Warn("it could not be noted that a client opened a folder", "folder", f.record().Name, "err", err)
	}
}

// leftToDo tells what is left to do in the folder before it can settle, as far as that is known without asking a server,
// in words for the admin; "" if nothing is. The caller holds mu.
func (f *folder) leftToDo() string {
	text, n := f.left()
	if strings.Contains(text, "%d") {
		return fmt.Sprintf(text, n)
	}
	return text
}

// left is leftToDo before it is written out: it is asked of every folder at every scrape.
func (f *folder) left() (text string, n int) {
	t := &f.tally
	listed := f.tallied && f.rec.DestUIDValidity != 0
	for i := range f.rec.Sources {
		if s := &f.rec.Sources[i]; !s.Borrowed && !s.Gone {
			listed = listed && s.Listed()
		}
	}
	switch {
	case len(f.problems) > 0:
		return "it has stopped: see crossfade status", 0
	case !listed:
		return "it was not looked at yet", 0
	case t.left() > 0:
		return "%d messages are not copied yet", t.left()
	case t.flying+t.removing+t.leaving > 0, f.subscribing():
		return "copies, removals or a subscription are under way", 0
	case t.unsigned() > 0:
		return "%d messages were refused and are not signed off", t.unsigned()
	case t.lost > len(f.losses.kept):
		return "%d messages that vanished from the old server are being looked into", t.lost - len(f.losses.kept)
	}
	return "", 0
}

// completeSince is since when nothing was left to do in the folder, as far as that was seen, and whether the record has
// to be brought up to date for that; the caller holds mu.
func (f *folder) completeSince(now time.Time) (since time.Time, stale bool) {
	was := f.rec.Complete
	left := ""
	if needsSettling(&f.rec) {
		left, _ = f.left()
	}
	switch {
	case left != "" || !needsSettling(&f.rec):
		return time.Time{}, !was.IsZero()
	case was.IsZero() || f.leftAt.After(was):
		return now.UTC(), true
	}
	return was, false
}

// completeAtOnce is how many folders are brought up to date in one transaction.
const completeAtOnce = 100

// noteComplete keeps in the records which of the account's folders are complete, and since when.
func (a *account) noteComplete(now time.Time) error {
	var stale []*folder
	for _, f := range a.all() {
		f.mu.RLock()
		_, is := f.completeSince(now)
		f.mu.RUnlock()
		if is {
			stale = append(stale, f)
		}
	}
	for len(stale) > 0 {
		n := min(len(stale), completeAtOnce)
		err := a.e.commit(stale[:n], func(es []*edit) error {
			for _, e := range es {
				e.f.mu.RLock()
				since, is := e.f.completeSince(now)
				e.f.mu.RUnlock()
				if is {
					e.record().Complete = since
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		stale = stale[n:]
	}
	return nil
}

// bytesOf is about what a device reads again of the folder; the caller holds mu.
func (f *folder) bytesOf() int64 { return f.tally.bytes[store.Copied] + f.tally.bytes[store.Above] }
