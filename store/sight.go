package store

import "time"

// Sight is why it is doubted that the source shows the whole mailbox to whoever logs in there with credentials that are not
// the user's own.
type Sight struct {
	Doubt string // in words for the admin
	Since time.Time
	// Accepted is when the admin said that nothing is hidden; zero: he did not. It is about this Doubt alone.
	Accepted time.Time `json:",omitzero"`
}

func (s *Sight) escaped(t *texts) *Sight {
	if s == nil {
		return nil
	}
	out := *s
	out.Doubt = t.one(out.Doubt)
	return &out
}
