package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"

	"crossfade/store"
)

// A bad item stops no folder, not even one at which a server falls over: it cuts the connection, or blames itself
// ([SERVERBUG], [LIMIT], [UNAVAILABLE]), each time that very message is sent or read. Such a message is found by
// sending what was under way in ever smaller parts. What was sent alone so often and failed each time, while others
// were taken, is set aside with the server's words and tried again later, as every refused message is.
const (
	// partsOf is into how many parts a batch is cut that failed.
	partsOf = 4
	// maxBreaks is how often a message may break off alone before others get their turn. After twice as often it is
	// set aside even if nothing else was taken meanwhile: it may be the last.
	maxBreaks = 3
)

// suspect is what is known of a message that was under way when a server broke off. Guarded by the folder's mu.
type suspect struct {
	most   int    // messages that may go together with it; 0: any number
	breaks int    // how often it failed alone
	since  uint64 // the account's count of messages taken when that began
	told   string // the server's words at that
}

// portion is how many messages of a batch, from the first on, may be sent together.
func (f *folder) portion(batch []incoming) int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	most := len(batch)
	for n, m := range batch {
		if s := f.suspects[m.uid]; s != nil && s.most > 0 {
			most = min(most, max(s.most, 1))
		}
		if n+1 >= most {
			return max(1, most)
		}
	}
	return most
}

// cleared takes messages off the list: the destination answered for them.
func (f *folder) cleared(batch []incoming) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.suspects) == 0 {
		return
	}
	for _, m := range batch {
		delete(f.suspects, m.uid)
	}
}

// blame notes that an APPEND of these messages failed in a way that tells of no single one. It reports whether one of
// them has failed alone so often that the others should have their turn.
func (f *folder) blame(batch []incoming, err error) (hopeless bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.suspects == nil {
		f.suspects = make(map[uint32]*suspect)
	}
	for _, m := range batch {
		s := f.suspects[m.uid]
		if s == nil {
			s = &suspect{since: f.acct.taken.Load()}
			f.suspects[m.uid] = s
		}
		s.most = max(1, len(batch)/partsOf)
		if len(batch) == 1 {
			s.breaks++
			s.told = wordsOf(err)
			hopeless = s.breaks >= maxBreaks
		}
	}
	return hopeless
}

// blamable tells whether an error may be a message's fault, though it reads as the connection's or the host's: sending
// had begun, and the server did not ask for a slower pace or for space.
func blamable(ctx context.Context, err error) bool {
	var e *Error
	switch {
	case err == nil, ctx.Err() != nil:
		return false
	case errors.Is(err, ErrUncertain):
		return true
	case !errors.As(err, &e), e.Op != "APPEND", e.Scope != HostScope:
		return false
	}
	return e.Code != "THROTTLED" && (e.Code != "" || e.Text != "")
}

// culprit is the one message of a batch that a server's refusal speaks of; else the batch.
func culprit(batch []incoming, results []AppendResult) []incoming {
	var found []incoming
	for i, r := range results[:min(len(results), len(batch))] {
		if r.Err != nil && !itemOnly(r.Err) {
			found = append(found, batch[i])
		}
	}
	if len(found) == 1 {
		return found
	}
	return batch
}

// dismiss sets a message aside at which the destination broke off too often, if others were taken meanwhile.
func (f *folder) dismiss(m incoming) error {
	f.mu.Lock()
	s := f.suspects[m.uid]
	if s == nil || s.breaks < maxBreaks || f.acct.taken.Load() == s.since && s.breaks < 2*maxBreaks {
		f.mu.Unlock()
		return nil
	}
	told := fmt.Sprintf("sent alone %d times, it ended each time with: %s", s.breaks, s.told)
	delete(f.suspects, m.uid)
	f.mu.Unlock()
	f.acct.log.Warn("a message is set aside: the destination breaks off at it", "folder", f.record().Name, "uid", m.uid, "words", told)
	return f.setAside(m, store.Quarantine{Reason: reasonRefused, Words: told})
}

// setAside puts a message that is listed into quarantine.
func (f *folder) setAside(m incoming, q store.Quarantine) error {
	defer f.acct.e.saved.Hold()()
	q.Saved = f.saveRefused([]incoming{m})[0]
	return f.edit(func(e *edit) error {
		if l, ok := e.link(m.uid); ok && l.State == store.Listed && l.Src != 0 {
			e.quarantine(l, q)
		}
		return nil
	})
}

// wordsOf is an error in as few words as tell the cause.
func wordsOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Text != "" {
		if e.Code != "" {
			return "[" + e.Code + "] " + e.Text
		}
		return e.Text
	}
	if errors.As(err, &e) && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}

// bodyReader remembers that it was the source that broke off, not what it was read into.
type bodyReader struct {
	r   io.Reader
	err error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// noteBreak notes at which message the source broke off: the first that it was asked for and did not give. left are
// those not given, by source UID.
func (f *folder) noteBreak(ctx context.Context, links []store.Link, left map[uint32]uint32, err error, body *bodyReader) {
	var e *Error
	broke := errors.As(err, &e) && e.Op == "read" && e.Scope == HostScope && e.Patience == Now || body != nil && body.err != nil
	if ctx.Err() != nil || !broke {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range links {
		if _, ok := left[l.Src]; ok && f.unread[l.UID] < maxBreaks {
			if f.unread == nil {
				f.unread = make(map[uint32]int)
			}
			f.unread[l.UID]++
			return
		}
	}
}

// passedOver tells whether the source broke off at a message so often that it is not asked for it now: it is set aside
// as one that the source does not give.
func (f *folder) passedOver(uid uint32) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.unread[uid] >= maxBreaks
}

// forgive gives messages that were passed over new tries, for when their time comes, and forgets those that were read.
func (f *folder) forgive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.unread)
}
