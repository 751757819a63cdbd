package store

import (
	"slices"
	"time"
)

// Left is what of a user's is on the source and does not move, as it was seen last.
type Left struct {
	At    time.Time
	Items []Leftover `json:",omitempty"`
}

// Leftover is one such thing.
type Leftover struct {
	Kind string `json:"kind"` // of the engine's choosing: "redirect", "shared" ...
	Text string `json:"text"` // in words for the admin
}

// escaped is the record as it is written: see escape.
func (l *Left) escaped(t *texts) *Left {
	if l == nil {
		return nil
	}
	out := *l
	out.Items = slices.Clone(l.Items)
	for i := range out.Items {
		out.Items[i].Kind, out.Items[i].Text = t.one(out.Items[i].Kind), t.one(out.Items[i].Text)
	}
	return &out
}
