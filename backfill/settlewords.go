package backfill

import (
	"fmt"
	"time"

	"crossfade/backfill/settling"
)

// SettlingFolder tells of one folder whether it has settled, and if not what keeps it from that.
type SettlingFolder struct {
	Account string     `json:"account"`
	Folder  string     `json:"folder"`
	Stage   string     `json:"stage"` // "blended", "settled" or "destination only"
	Settled *time.Time `json:"settled,omitempty"`
	// Reason is one word of package settling's; Why the same in words, with what stood in the way when it was last tried.
	Reason string     `json:"reason,omitempty"`
	Why    []string   `json:"why,omitempty"`
	Until  *time.Time `json:"until,omitempty"` // when it may change by itself, if that is known
	// Ordered: an admin said that it settles as soon as it can.
	Ordered bool `json:"ordered,omitempty"`
}

// settling tells of the folder what the plan says, and what came of it since the plan was made.
func (f *folder) settling(p settlePlan) SettlingFolder {
	rests := f.rests()
	v := p.verdict(f)
	f.mu.RLock()
	defer f.mu.RUnlock()
	s := SettlingFolder{Account: f.acct.name, Folder: f.rec.Path.String(), Stage: stageBlended}
	if !needsSettling(&f.rec) {
		if s.Stage = stateDestOnly; !f.rec.Settled.IsZero() {
			s.Stage, s.Settled = stageSettled, new(f.rec.Settled)
		}
		return s
	}
	s.Ordered = f.rec.SettleOrdered
	if u := &f.tried; v.Reason == settling.May && len(u.why) > 0 { // tried since the plan was made
		v = settling.Verdict{Reason: settling.Refused, Until: u.until}
	}
	s.Reason, s.Why = string(v.Reason), f.whyUnsettled(v.Reason, rests)
	if !v.Until.IsZero() {
		s.Until = new(v.Until)
	}
	return s
}

// whyUnsettled says a reason in words; the caller holds mu.
func (f *folder) whyUnsettled(r settling.Reason, rests bool) []string {
	say := func(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }
	switch r {
	case settling.Stopped:
		return say("stopped by an admin's command: 'crossfade settle --go' lets it go on")
	case settling.Incomplete:
		if rests {
			return say("its copying is paused: 'crossfade resume' lets it go on")
		}
		if left := f.leftToDo(); left != "" {
			return say("%s", left)
		}
	case settling.Refused:
		return f.tried.why
	case settling.ByCommand:
		return say("folders settle only by command: crossfade settle --account %s --now", f.acct.name)
	case settling.Patience:
		if f.rec.Complete.IsZero() {
			return say("it has only just become complete")
		}
		return say("it has been complete only since %s", f.rec.Complete.UTC().Format("2006-01-02 15:04 MST"))
	case settling.Unseen:
		return say("no mail program has opened it yet")
	case settling.Hours:
		return say("not at this time of the week")
	case settling.Paced:
		return say("enough has settled within the last hour")
	}
	return say("it is about to be tried")
}
