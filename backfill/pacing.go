package backfill

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/pace"
	"crossfade/store"
)

// Paced is a driver that knows the pace of its host: how many connections and messages a second it bears. A driver
// without is worked on as fast as it goes.
type Paced interface{ Pace() *pace.Host }

// paceOf is the pace of a driver's host.
func paceOf(d Driver) *pace.Host {
	if p, ok := d.(Paced); ok && p.Pace() != nil {
		return p.Pace()
	}
	return pace.New(d.Host(), pace.Limits{})
}

// Hosts tells how the hosts are worked on: the sources, then the destination.
func (e *Engine) Hosts() []pace.Stats {
	var out []pace.Stats
	for _, s := range e.eachSource() {
		below := s.pace.Stats()
		below.Side = "source"
		out = append(out, below)
	}
	above := e.above.Stats()
	above.Side = "destination"
	return append(out, above)
}

// errRests ends a turn whose folder was paused while it waited for its host.
var errRests = errors.New("the copying rests")

// admit waits until the backfill may move n messages on a host, or until the folder is paused. The caller holds no
// claim: a client's work in the folder must not wait for the backfill's pace.
func (f *folder) admit(ctx context.Context, h *pace.Host, n int) error {
	if !IsBackground(ctx) {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer f.acct.e.rests.When(f.rests, func() { cancel(errRests) })()
	if err := h.Admit(ctx, n); err != nil {
		return context.Cause(ctx)
	}
	return nil
}

// readPaced reads messages of one source folder, in portions that keep to the source's pace if nobody waits for
// them. An error that concerns one message stops only its portion.
func (f *folder) readPaced(ctx context.Context, src Mail, box store.SourceBox, set imap.UIDSet, each func(*Message) error) error {
	uids, ok := set.Nums()
	if !ok || !IsBackground(ctx) {
		return src.Read(ctx, box.Name, box.UIDValidity, set, each)
	}
	var first error
	for len(uids) > 0 {
		n := f.acct.from.pace.Slice(len(uids))
		if err := f.admit(ctx, f.acct.from.pace, n); err != nil {
			return err
		}
		err := src.Read(ctx, box.Name, box.UIDValidity, imap.UIDSetNum(uids[:n]...), each)
		if err != nil && !itemOnly(err) {
			return err
		}
		if first == nil {
			first = err
		}
		uids = uids[n:]
	}
	return first
}

// runTime is how long a run should take at most where the pace is slow: between runs other folders may go first.
const runTime = 5 * time.Second

// runSize is how many messages are copied before others may go first.
func (a *account) runSize() int {
	return min(runLinks, a.from.pace.Within(runTime), a.e.above.Within(runTime))
}
