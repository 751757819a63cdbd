package verify

import (
	"fmt"
	"time"

	"crossfade/store"
)

// summary gathers how the comparison of one account ends: it is what tells later whether the old server may go.
type summary struct{ store.Verified }

func newSummary() *summary {
	return &summary{store.Verified{Begun: time.Now().UTC(), OK: true}}
}

func (s *summary) add(r *Report) {
	s.Folders++
	s.Done += r.Done
	s.Total += r.Total
	s.Doubled += r.Doubled
	if r.OK {
		return
	}
	if s.Bad++; s.Problem == "" {
		s.Problem = fmt.Sprintf("%s: %s", r.Folder, r.Findings())
	}
	s.OK = false
}

// end is the whole of it.
func (s *summary) end() store.Verified {
	s.Ended = time.Now().UTC()
	return s.Verified
}
