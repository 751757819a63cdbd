package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

type spliceCmd struct {
	asking
	Account string `required:"" placeholder:"NAME" help:"The account whose users need no old folder names any more."`
	Undo    bool   `help:"They do."`
	JSON    bool   `name:"json" help:"Print how far the account is as one JSON object."`
}

// Run accepts that the old server's folder names end, so that the account's connections may become plain pipes.
func (c *spliceCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	var p backfill.Parting
	if err := order(ctx, state, "/splice", url.Values{"account": {c.Account}, "undo": {fmt.Sprint(c.Undo)}}, &p); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(p)
	}
	_, err = fmt.Fprintln(io.out, spliceText(c.Account, c.Undo, p))
	return err
}

// spliceText says what was done and what it means.
func spliceText(account string, undo bool, p backfill.Parting) string {
	unsettled := 0
	for _, n := range p.Unsettled {
		unsettled += n
	}
	switch {
	case undo:
		return "old folder names are kept for " + account + " as long as they are used"
	case p.Stage == "closed":
		return account + " is closed already"
	case p.Stage == "blended":
		return fmt.Sprintf("%s becomes a plain pipe to the new server when all its folders have settled; %d have not", account, unsettled)
	case p.AliasUsed != nil:
		return fmt.Sprintf("%s is a plain pipe to the new server from the next login on; old folder names end, which were used %d times, last on %s", account, p.AliasUses, p.AliasUsed.UTC().Format("2006-01-02"))
	}
	return account + " is a plain pipe to the new server from the next login on"
}
