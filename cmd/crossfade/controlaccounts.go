package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"crossfade/backfill"
)

// accountKeeper is what the control socket asks of the engine about who has an account.
type accountKeeper interface {
	ListAccounts(ctx context.Context, each func(backfill.ListedAccount) error) (notes []string, err error)
	Enrol(ctx context.Context, logins []string, each func(backfill.Enrolled) error) error
	BeginAnew(ctx context.Context, account string, yes bool) (backfill.Anew, error)
}

// accountsEnd is the last line that /accounts streams.
type accountsEnd struct {
	End      bool     `json:"end"` // always true: it tells this line from the accounts
	Accounts int      `json:"accounts"`
	Enrolled int      `json:"enrolled"`
	Never    int      `json:"never_came"` // missing ones included
	Waiting  int      `json:"waiting"`
	Missing  int      `json:"missing"`
	Closed   int      `json:"closed"`
	Needing  int      `json:"needing"`         // accounts that need something
	Notes    []string `json:"notes,omitempty"` // what could not be found out
	Error    string   `json:"error,omitempty"`
}

func (e accountsEnd) ends() bool { return e.End }

func (e *accountsEnd) count(a backfill.ListedAccount) {
	e.Accounts++
	switch a.Stage {
	case backfill.AccountEnrolled:
		e.Enrolled++
	case backfill.AccountWaiting:
		e.Waiting++
	case backfill.AccountMissing:
		e.Missing++
	case backfill.AccountClosed:
		e.Closed++
	}
	if a.NeverCame() {
		e.Never++
	}
	if len(a.Needs) > 0 {
		e.Needing++
	}
}

// enrolEnd is the last line that /enrol streams.
type enrolEnd struct {
	End   bool           `json:"end"`
	OK    bool           `json:"ok"` // all are enrolled
	Did   map[string]int `json:"counts"`
	Error string         `json:"error,omitempty"`
}

func (e enrolEnd) ends() bool { return e.End }

// enrolOrder is whom to enrol; nobody: all who are listed.
type enrolOrder struct {
	Logins []string `json:"logins"`
}

// maxOrder bounds the body of an order that names users.
const maxOrder = 16 << 20

// handleAccounts answers about accounts.
func handleAccounts(mux *http.ServeMux, e accountKeeper) {
	mux.HandleFunc("GET /accounts", func(w http.ResponseWriter, r *http.Request) {
		send := lines(w)
		end := accountsEnd{End: true}
		var err error
		end.Notes, err = e.ListAccounts(r.Context(), func(a backfill.ListedAccount) error { end.count(a); return send(a) })
		if err != nil {
			end.Error = err.Error()
		}
		_ = send(end) // an error here means that the asker has gone
	})
	mux.HandleFunc("POST /again", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		got, err := e.BeginAnew(r.Context(), q.Get("account"), q.Get("yes") == "true")
		answerOrder(w, got, err)
	})
	mux.HandleFunc("POST /enrol", func(w http.ResponseWriter, r *http.Request) {
		send := lines(w)
		end := enrolEnd{End: true, Did: map[string]int{}}
		end.OK = true
		var o enrolOrder
		err := json.NewDecoder(io.LimitReader(r.Body, maxOrder)).Decode(&o)
		if err == nil {
			err = e.Enrol(r.Context(), o.Logins, func(one backfill.Enrolled) error {
				end.Did[one.Did]++
				end.OK = end.OK && one.Well()
				return send(one)
			})
		}
		if err != nil {
			end.OK, end.Error = false, err.Error()
		}
		_ = send(end) // an error here means that the asker has gone
	})
}

// lines streams JSON, a line for each value.
func lines(w http.ResponseWriter) func(any) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, flush := json.NewEncoder(w), http.NewResponseController(w)
	return func(v any) error {
		if err := enc.Encode(v); err != nil {
			return err
		}
		return flush.Flush()
	}
}
