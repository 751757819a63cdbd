package backfill

import "crossfade/store"

// class is a kind of refusal, few enough to be counted each on its own. New ones go to the end: tallies in the
// store are indexed by them.
type class int

const (
	classRefused class = iota // the destination said no
	classTooBig               // it said that the message is too large
	classUnread               // the source lists the message but does not give it
	classLost                 // it went on the source before it was copied, after a client had changed it
	classOther
	classes
)

// String is the class as metrics and reports name it.
func (c class) String() string {
	switch c {
	case classRefused:
		return "refused"
	case classTooBig:
		return "too_big"
	case classUnread:
		return "unread"
	case classLost:
		return "lost_at_source"
	}
	return "other"
}

// classOf tells what kind of refusal a quarantine record is about.
func classOf(q store.Quarantine) class {
	switch {
	case q.Reason == reasonRefused && (q.Code == "TOOBIG" || q.Code == "LIMIT"):
		return classTooBig
	case q.Reason == reasonRefused:
		return classRefused
	case q.Reason == reasonUnread:
		return classUnread
	case q.Reason == reasonLost:
		return classLost
	}
	return classOther
}

// refusedAs is what is counted of a message in quarantine.
type refusedAs struct {
	class  class
	signed bool // the admin accepted that it stays behind
	saved  bool // its bytes are
}

// refusals is what is counted of a folder's messages in quarantine, by shown UID.
func refusals(recs []store.Quarantine) map[uint32]refusedAs {
	out := make(map[uint32]refusedAs, len(recs))
	for _, q := range recs {
		out[q.UID] = refusedAs{class: classOf(q), signed: q.SignedOff != nil, saved: q.Saved != ""}
	}
	return out
}

// refusedAs is what a message's quarantine record says after the edit.
func (e *edit) refusedAs(uid uint32) refusedAs {
	if as, ok := e.refused[uid]; ok {
		return as
	}
	return e.f.refused[uid]
}

// noteRefusal remembers what a quarantine record of this edit is to be counted as.
func (e *edit) noteRefusal(uid uint32, as refusedAs) {
	if e.refused == nil {
		e.refused = make(map[uint32]refusedAs)
	}
	e.refused[uid] = as
}

// ClassCount is how many messages of a class are in quarantine.
type ClassCount struct {
	Class     string `json:"class"`
	Messages  int    `json:"messages"`
	SignedOff int    `json:"signed_off"`
}

// byClass counts what is in quarantine.
func (t *tally) byClass() (out []ClassCount) {
	for c := range classes {
		if t.refused[c] > 0 {
			out = append(out, ClassCount{c.String(), t.refused[c], t.signed[c]})
		}
	}
	return out
}
