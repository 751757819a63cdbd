package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

// parter is what the control socket asks of the engine about accounts that leave the proxy.
type parter interface {
	AcceptSplice(account string, is bool) (backfill.Parting, error)
	CloseAccount(ctx context.Context, account string, anyway bool) (backfill.Closing, error)
}

// handleParting answers /splice and /close.
func handleParting(mux *http.ServeMux, e parter) {
	mux.HandleFunc("POST /splice", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		got, err := e.AcceptSplice(q.Get("account"), q.Get("undo") != "true")
		answerOrder(w, got, err)
	})
	mux.HandleFunc("POST /close", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		got, err := e.CloseAccount(r.Context(), q.Get("account"), q.Get("yes") == "true")
		answerOrder(w, got, err)
	})
}

// answerOrder answers what order asked.
func answerOrder(w http.ResponseWriter, got any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(got) // an error here means that the asker has gone
}

// part sends an order about one account and prints what the proxy answers, in words or as one JSON object.
func part[Answer any](ctx context.Context, kctx *kong.Context, io std, c asking, path string, q url.Values, asJSON bool, words func(Answer) string) (got Answer, err error) {
	state, err := c.state(io, kctx)
	if err != nil {
		return got, err
	}
	if err := order(ctx, state, path, q, &got); err != nil {
		return got, err
	}
	if asJSON {
		return got, json.NewEncoder(io.out).Encode(got)
	}
	_, err = fmt.Fprintln(io.out, words(got))
	return got, err
}

// order sends one order to the proxy that uses this state and reads its answer. What it refuses is returned in its words.
func order(ctx context.Context, state, path string, q url.Values, answer any) error {
	resp, err := send(ctx, state, "POST", path+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := refusedOrder(state, resp); err != nil {
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return unreadable(err)
	}
	return nil
}
