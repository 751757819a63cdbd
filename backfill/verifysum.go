package backfill

import (
	"fmt"
	"time"

	"crossfade/store"
)

// summary gathers how the comparison of one account ends.
type summary struct {
	store.Verified
	quick bool
}

func newSummary(opt VerifyOptions) *summary {
	return &summary{Verified: store.Verified{Begun: time.Now().UTC(), OK: true}, quick: opt.Quick}
}

func (s *summary) add(r *FolderReport) {
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

// keepSummary makes the end of a full comparison durable: it is what tells later whether the old server may go. A
// quick one proves too little.
func (a *account) keepSummary(s *summary) error {
	if s.quick {
		return nil
	}
	s.Ended = time.Now().UTC()
	return a.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(a.id)
		if err != nil {
			return err
		}
		rec.Verified = &s.Verified
		return tx.PutAccount(rec)
	})
}
