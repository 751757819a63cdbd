package backfill

import (
	"math"
	"time"

	"crossfade/store"
)

// What accounts are doing, as reports and metrics name it. Folders have the same words, and two more.
const (
	stateWaiting  = "waiting" // not looked at yet
	stateMoving   = "moving"
	stateCopying  = "copying"
	stateCopied   = "copied"
	stateDestOnly = "destination only"
	stateStopped  = "stopped" // a problem tells why
)

// folderState is what a folder is doing.
type folderState int

const (
	folderWaiting folderState = iota
	folderCopying
	folderCopied
	folderDestOnly
	folderStopped
	folderStates
)

func (s folderState) String() string {
	return [...]string{stateWaiting, stateCopying, stateCopied, stateDestOnly, stateStopped}[s]
}

// Completion is how far the messages are that the source folders themselves hold: copied, deleted by their users
// since, or refused and signed off by the admin.
type Completion struct {
	Source   int `json:"source_messages"` // as far as the folders were listed
	Done     int `json:"done_messages"`
	Unlisted int `json:"folders_not_listed"` // nobody knows yet what they hold
	// Ratio is Done of Source; null while it is not known, and never 1 as long as a folder was not listed.
	Ratio *float64 `json:"completion"`
}

// Progress is a completion and how fast it grows.
type Progress struct {
	Completion
	Left int `json:"left_messages"` // still to be copied, mail that clients moved about included
	// The rates are smoothed over some minutes. They and the time that is left are null while they are not known.
	MessagesPerSecond *float64 `json:"messages_per_second"`
	BytesPerSecond    *float64 `json:"bytes_per_second"`
	ETASeconds        *float64 `json:"eta_seconds"`
}

// glance is what one look at a folder's state tells, without its links.
type glance struct {
	state   folderState
	left    int       // messages still to be copied
	sourced bool      // it has source folders of its own
	listed  bool      // all of them were listed
	checked time.Time // when it was known that nothing is new
}

// glance looks at the folder and adds what it counts to s. It reads no link and loads nothing. There may be a hundred
// thousand folders, so nothing is copied that is not needed. w is shown it, too.
func (f *folder) glance(s *sums, w *waiters) glance {
	f.mu.RLock()
	defer f.mu.RUnlock()
	g := glance{left: f.tally.left(), listed: true, checked: f.checked}
	if f.quietAt.After(g.checked) {
		g.checked = f.quietAt
	}
	for i := range f.rec.Sources {
		if s := &f.rec.Sources[i]; !s.Borrowed && !s.Gone {
			g.sourced = true
			g.listed = g.listed && s.Listed()
		}
	}
	switch {
	case len(f.problems) > 0:
		g.state = folderStopped
	case !g.sourced && !f.busy():
		g.state = folderDestOnly
	case !g.listed:
		g.state = folderWaiting
	case f.busy(), f.subscribing():
		g.state = folderCopying
	default:
		g.state = folderCopied
	}
	s.reappended += f.rec.Reappended
	s.kept += len(f.losses.kept)
	if f.rec.Paused {
		s.paused++
	}
	if needsSettling(&f.rec) {
		s.blended++
	} else if f.rec.Deleted.IsZero() {
		s.native++
	}
	if f.asks() {
		s.asking++
	}
	s.addFolder(&f.tally, &g)
	w.folder(f)
	return g
}

// sums adds up folders: an account's, a domain's or all.
type sums struct {
	tally            tally
	folders, sourced int
	listed           int // of sourced
	unknown          int // accounts of which not even the folders are known
	reappended       int // messages appended again though an earlier try may have arrived and gone
	kept             int // losses on the source that were judged: their copies stay
	paused, asking   int // folders that wait for the admin
	blended, native  int // folders that are not shown under the destination's numbers, and that are
	states           [folderStates]int
}

func (s *sums) addFolder(t *tally, g *glance) {
	s.tally.add(t)
	s.folders++
	if g.sourced {
		s.sourced++
		if g.listed {
			s.listed++
		}
	}
	s.states[g.state]++
}

func (s *sums) add(o *sums) {
	s.tally.add(&o.tally)
	s.folders += o.folders
	s.sourced += o.sourced
	s.listed += o.listed
	s.unknown += o.unknown
	s.reappended += o.reappended
	s.kept += o.kept
	s.paused += o.paused
	s.blended += o.blended
	s.native += o.native
	s.asking += o.asking
	for state, n := range o.states {
		s.states[state] += n
	}
}

// completion is the ratio that verify finds by listing both sides.
func (s *sums) completion() Completion {
	own := &s.tally.own
	c := Completion{
		Done:     own[store.Copied] + own[store.Whiteout] + s.tally.ownDone,
		Unlisted: s.sourced - s.listed + s.unknown,
	}
	c.Source = c.Done + own[store.Listed] + own[store.Copying] + own[store.Quarantined] - s.tally.ownDone
	switch {
	case c.Source > c.Done, c.Source > 0 && c.Unlisted == 0:
		c.Ratio = known(float64(c.Done) / float64(c.Source))
	case c.Unlisted == 0 && s.folders > 0:
		c.Ratio = known(1)
	}
	return c
}

// progress adds what a meter knows. What folders hold that were not listed yet is guessed from the others.
func (s *sums) progress(m *meter, held bool, now time.Time) Progress {
	p := Progress{Completion: s.completion(), Left: s.tally.left()}
	msgs, bytes, ok := m.perSecond(now)
	if ok {
		p.MessagesPerSecond, p.BytesPerSecond = known(msgs), known(bytes)
	}
	switch left := s.guess(); {
	case left == 0 && p.Unlisted == 0 && s.folders > 0:
		p.ETASeconds = known(0)
	case ok && !held && msgs > 1e-4:
		p.ETASeconds = known(math.Ceil(left / msgs))
	}
	return p
}

// guess is how many messages are probably still to be copied.
func (s *sums) guess() float64 {
	left := float64(s.tally.left())
	if waiting := s.sourced - s.listed; waiting > 0 && s.listed > 0 {
		all := 0
		for _, n := range s.tally.own {
			all += n
		}
		left += float64(waiting) * float64(all) / float64(s.listed)
	}
	return left
}

func known(v float64) *float64 { return &v }
