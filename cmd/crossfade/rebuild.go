package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type rebuildCmd struct {
	asking
	Accept  bool   `xor:"end" help:"Copy what was deleted again, in all accounts that are ready."`
	Discard bool   `xor:"end" help:"What was deleted stays deleted, in all accounts that are ready. Mail that was not copied yet is copied all the same."`
	Account string `placeholder:"NAME" help:"With --accept or --discard: this account only."`
	JSON    bool   `name:"json" help:"Print what there is as one JSON object."`
}

// rebuildAnswer is what 'crossfade rebuild' prints as JSON.
type rebuildAnswer struct {
	Waiting []backfill.RebuildAccount `json:"waiting"`        // accounts that are not served until they are rebuilt
	Done    []string                  `json:"done,omitempty"` // accounts that were rebuilt by this very call
}

// Run lists the accounts that wait, after it has ended the waiting of those it was told to.
func (c *rebuildCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if c.Account != "" && !c.Accept && !c.Discard {
		return usagef("--account goes with --accept or --discard: say what becomes of the mail that was deleted")
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	method, path := "GET", "/rebuild"
	if c.Accept || c.Discard {
		method = "POST"
		path += "?" + url.Values{"account": {c.Account}, "discard": {fmt.Sprint(c.Discard)}}.Encode()
	}
	resp, err := ask(ctx, state, method, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var a struct {
		rebuildAnswer
		Problem string `json:"problem"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return unreadable(err)
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(a.rebuildAnswer)
	} else {
		err = printRebuild(io.out, a.rebuildAnswer)
	}
	if err == nil && a.Problem != "" {
		err = errors.New(a.Problem)
	}
	return err
}

// printRebuild writes the list for people.
func printRebuild(out io.Writer, a rebuildAnswer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if len(a.Done) > 0 {
		fmt.Fprintf(w, "Rebuilt and served again: %s\n", strings.Join(a.Done, ", "))
	}
	if len(a.Waiting) == 0 {
		fmt.Fprintln(w, "No account waits for a rebuild.")
		return w.Flush()
	}
	fmt.Fprintln(w, "ACCOUNT\tSTATE\tWOULD RETURN\tNOT COPIED YET\tALREADY COPIED\tKNOWN AS DELETED")
	for _, acc := range a.Waiting {
		var sum backfill.RebuildFolder
		for _, f := range acc.Folders {
			sum.Return, sum.Uncopied, sum.Matched, sum.Deleted = sum.Return+f.Return, sum.Uncopied+f.Uncopied, sum.Matched+f.Matched, sum.Deleted+f.Deleted
		}
		printRebuildLine(w, acc.Account, acc.State+": "+acc.Why, sum)
		for _, f := range acc.Folders {
			if f.Return+f.Uncopied > 0 {
				printRebuildLine(w, "  "+f.Folder, "", f)
			}
		}
		if acc.Problem != "" {
			fmt.Fprintf(w, "  ! %s\n", acc.Problem)
		}
	}
	fmt.Fprintln(w, "\nThese accounts are not served until you decide. What would return is on the old server and was copied once, but is not on the new")
	fmt.Fprintln(w, "one: its user deleted it or moved it, or the new server had refused it. 'crossfade rebuild --discard' leaves it deleted, '--accept' copies it")
	fmt.Fprintln(w, "again; both copy what was not copied yet. An account that waits for its user becomes ready soon after the user's next login.")
	return w.Flush()
}

func printRebuildLine(w io.Writer, name, state string, f backfill.RebuildFolder) {
	fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\n", name, state, f.Return, f.Uncopied, f.Matched, f.Deleted)
}

// rebuilder is the part of the engine that knows which accounts wait.
type rebuilder interface {
	Rebuilding() ([]backfill.RebuildAccount, error)
	Rebuild(account string, discard bool) ([]string, error)
}

// handleRebuild answers on the control socket.
func handleRebuild(mux *http.ServeMux, e rebuilder) {
	answer := func(w http.ResponseWriter, done []string, err error) {
		a := struct {
			rebuildAnswer
			Problem string `json:"problem,omitempty"`
		}{rebuildAnswer: rebuildAnswer{Done: done}}
		var listErr error
		if a.Waiting, listErr = e.Rebuilding(); a.Waiting == nil {
			a.Waiting = []backfill.RebuildAccount{}
		}
		if err = errors.Join(err, listErr); err != nil {
			a.Problem = oneLine(err.Error())
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // an error here means that the asker has gone
	}
	mux.HandleFunc("GET /rebuild", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil, nil) })
	mux.HandleFunc("POST /rebuild", func(w http.ResponseWriter, r *http.Request) {
		done, err := e.Rebuild(r.FormValue("account"), r.FormValue("discard") == "true")
		answer(w, done, err)
	})
}
