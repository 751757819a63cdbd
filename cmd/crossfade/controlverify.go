package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"crossfade/backfill/verify"
)

// verifier is what the control socket asks of the engine for comparing both sides.
type verifier interface {
	Compare(ctx context.Context, opt verify.Options, each func(verify.Report) error) error
	Servers() (source, destination string)
}

// verdict is the last line that /verify streams. OK says that both sides agree; Error why the comparison ended
// early, in which case OK is false.
type verdict struct {
	Verdict bool `json:"verdict"` // always true: it tells this line from the folders
	OK      bool `json:"ok"`
	Folders int  `json:"folders"`
	Quick   bool `json:"quick,omitempty"` // no bodies were read
	// Done, Total and Completion are those of all folders.
	Done       int     `json:"done"`
	Total      int     `json:"total"`
	Completion float64 `json:"completion"`

	Source      string    `json:"source_server"`
	Destination string    `json:"destination_server"`
	Begun       time.Time `json:"begun"`
	Ended       time.Time `json:"ended"`
	Version     string    `json:"version"`
	Error       string    `json:"error,omitempty"`
}

func (v verdict) ends() bool { return v.Verdict }

// streamVerify compares and writes a line for each folder as it becomes known.
func streamVerify(w http.ResponseWriter, r *http.Request, e verifier) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, flush := json.NewEncoder(w), http.NewResponseController(w)
	q := r.URL.Query()
	names, err := strconv.Atoi(q.Get("names"))
	if err != nil {
		names = 0 // the default
	}
	opt := verify.Options{Account: q.Get("account"), Quick: q.Get("quick") == "true", Names: names}
	last := verdict{Verdict: true, OK: true, Quick: opt.Quick, Begun: time.Now().UTC(), Version: versionText()}
	last.Source, last.Destination = e.Servers()
	err = e.Compare(r.Context(), opt, func(f verify.Report) error {
		last.Folders++
		last.Done += f.Done
		last.Total += f.Total
		last.OK = last.OK && f.OK
		if err := enc.Encode(f); err != nil {
			return err
		}
		return flush.Flush()
	})
	if err != nil {
		last.OK, last.Error = false, err.Error()
	}
	if last.Completion = 1; last.Total > 0 {
		last.Completion = float64(last.Done) / float64(last.Total)
	}
	last.Ended = time.Now().UTC()
	_ = enc.Encode(last) // an error here means that the asker has gone
}
