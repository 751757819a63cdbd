package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type acceptCmd struct {
	asking
	Account   string `placeholder:"NAME" help:"The account that asks (see crossfade status)."`
	Folder    string `placeholder:"NAME" help:"Its folder, as the status names it (default: what the whole account lost on the source)."`
	CopyAgain bool   `help:"What the destination lost is copied again from the source, instead of staying deleted."`
	Whole     bool   `help:"What the old server shows is the whole mailbox, of this account or of all, although the login that reads it may not be shown all folders."`
	JSON      bool   `name:"json" help:"Print the answer as one JSON object."`
}

// accepted is what the control socket answers.
type accepted struct {
	backfill.Accepted
	Error string `json:"error,omitempty"`
}

// Run answers a running proxy that stopped to ask because much vanished from one side.
func (c *acceptCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	switch {
	case c.Whole && (c.Folder != "" || c.CopyAgain):
		return usagef("--whole is about whole mailboxes: leave --folder and --copy-again out")
	case !c.Whole && c.Account == "":
		return usagef("whose loss? Give --account NAME")
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	q := url.Values{"account": {c.Account}, "folder": {c.Folder}}
	if c.CopyAgain {
		q.Set("again", "1")
	}
	if c.Whole {
		q.Set("whole", "1")
	}
	resp, err := ask(ctx, state, "POST", "/accept?"+q.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var got accepted
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return unreadable(err)
	}
	if got.Error != "" {
		return errors.New(got.Error)
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(got.Accepted)
	}
	_, err = fmt.Fprintln(io.out, got.Done)
	return err
}

// handleAccept is the other end.
func handleAccept(e controlled) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		var got accepted
		var err error
		if q.Get("whole") != "" {
			got.Accepted, err = e.AcceptWhole(q.Get("account"))
		} else {
			got.Accepted, err = e.Accept(r.Context(), q.Get("account"), q.Get("folder"), q.Get("again") != "")
		}
		if err != nil {
			got.Error = err.Error()
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(got) // an error here means that the asker has gone
	}
}
