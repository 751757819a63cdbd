package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"crossfade/backfill"
)

// parter is what the control socket asks of the engine about accounts that leave the proxy.
type parter interface {
	AcceptSplice(account string, is bool) (backfill.Parting, error)
	CloseAccount(ctx context.Context, account string, anyway bool) (backfill.Closing, error)
}

// handleParting answers /splice and /close.
func handleParting(mux *http.ServeMux, e parter) {
	answer := func(w http.ResponseWriter, got any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(got) // an error here means that the asker has gone
	}
	mux.HandleFunc("POST /splice", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		got, err := e.AcceptSplice(q.Get("account"), q.Get("undo") != "true")
		answer(w, got, err)
	})
	mux.HandleFunc("POST /close", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		got, err := e.CloseAccount(r.Context(), q.Get("account"), q.Get("yes") == "true")
		answer(w, got, err)
	})
}

// order sends one order to the proxy that uses this state and reads its answer. What it refuses is returned in its words.
func order(ctx context.Context, state, path string, q url.Values, answer any) error {
	resp, err := send(ctx, state, "POST", path+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusUnprocessableEntity:
		why, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err != nil {
			return err
		}
		return errors.New(string(why))
	case resp.StatusCode >= 300:
		return otherVersion(state, resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("the proxy's answer cannot be read: %w", err)
	}
	return nil
}
