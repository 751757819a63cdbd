package main

import (
	"context"
	"encoding/json"
	"net/http"

	"crossfade/backfill"
)

// settler is what the control socket asks of the engine about settling.
type settler interface {
	SettleEach(ctx context.Context, t backfill.Target, now bool, each func(backfill.SettlingFolder) error) error
	StopSettling(t backfill.Target, stop bool) error
	NoClients(account string, is bool) error
}

// settleEnd is the last line that /settle streams.
type settleEnd struct {
	End     bool   `json:"end"` // always true: it tells this line from the folders
	OK      bool   `json:"ok"`  // all folders are shown under the destination's numbers
	Folders int    `json:"folders"`
	Settled int    `json:"folders_settled"` // those that only the destination has among them
	Error   string `json:"error,omitempty"`
}

func (e settleEnd) ends() bool { return e.End }

// streamSettle answers POST /settle with a line for each folder as it becomes known.
func streamSettle(w http.ResponseWriter, r *http.Request, e settler) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, flush := json.NewEncoder(w), http.NewResponseController(w)
	q := r.URL.Query()
	end := settleEnd{End: true}
	t := backfill.Target{Account: q.Get("account"), Folder: q.Get("folder")}
	err := e.SettleEach(r.Context(), t, q.Get("now") == "true", func(f backfill.SettlingFolder) error {
		end.Folders++
		if f.Reason == "" {
			end.Settled++
		}
		if err := enc.Encode(f); err != nil {
			return err
		}
		return flush.Flush()
	})
	if end.OK = err == nil && end.Folders > 0 && end.Settled == end.Folders; err != nil {
		end.Error = err.Error()
	}
	_ = enc.Encode(end) // an error here means that the asker has gone
}
