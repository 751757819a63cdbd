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
	"time"

	"github.com/alecthomas/kong"

	"crossfade/backfill/gate"
)

// finisher is what the control socket asks of the engine about the end of the move.
type finisher interface {
	Finish(ctx context.Context, opt gate.Options) (gate.Report, error)
}

// gateAnswer is what /finish answers.
type gateAnswer struct {
	gate.Report
	Error string `json:"error,omitempty"`
}

// answerFinish answers GET /finish.
func answerFinish(w http.ResponseWriter, r *http.Request, e finisher) {
	q := r.URL.Query()
	opt := gate.Options{Account: q.Get("account"), Accept: q["accept"]}
	var a gateAnswer
	var errs [3]error
	opt.Quiet, errs[0] = time.ParseDuration(q.Get("quiet"))
	opt.MaxAge, errs[1] = time.ParseDuration(q.Get("max-age"))
	if errs[2] = errors.Join(errs[:2]...); errs[2] == nil {
		a.Report, errs[2] = e.Finish(r.Context(), opt)
	}
	if errs[2] != nil {
		a.Error = errs[2].Error()
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // an error here means that the asker has gone
}

type finishCmd struct {
	asking
	Account string        `placeholder:"NAME" help:"Only this account (default: all)."`
	Verify  bool          `help:"Compare both sides first, as 'crossfade verify' does."`
	Quiet   int           `default:"14" placeholder:"DAYS" help:"How many days nothing must have arrived on the old server (default: 14)."`
	MaxAge  time.Duration `default:"24h" placeholder:"TIME" help:"How old the last full comparison may be (default: 24h)."`
	Accept  []string      `placeholder:"NAME" help:"Conditions that are accepted as they are, such as arrivals."`
	JSON    bool          `name:"json" help:"Print one JSON object."`
}

// Run says whether the old server may be switched off. Exit code 0 only if nothing stands in the way.
func (c *finishCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if c.Quiet < 1 || c.MaxAge <= 0 {
		return usagef("--quiet and --max-age must be greater than zero")
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	if c.Verify {
		if err := c.compare(ctx, state, io); err != nil {
			return err
		}
	}
	q := url.Values{"account": {c.Account}, "quiet": {(time.Duration(c.Quiet) * 24 * time.Hour).String()}, "max-age": {c.MaxAge.String()}, "accept": c.Accept}
	resp, err := ask(ctx, state, "GET", "/finish?"+q.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var a gateAnswer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return unreadable(err)
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(a)
	} else {
		err = printGate(io.out, a.Report)
	}
	if err == nil && a.Colour != gate.Green {
		return errTold
	}
	return err
}

// compare runs the comparison. How it ended is what the gate looks at; only that it ended is asked here.
func (c *finishCmd) compare(ctx context.Context, state string, std std) error {
	resp, err := ask(ctx, state, "GET", "/verify?account="+url.QueryEscape(c.Account))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	out := std.out
	if c.JSON {
		out = io.Discard
	}
	v := verifyCmd{Account: c.Account}
	if err := v.print(resp.Body, out); !errors.Is(err, errTold) {
		return err
	}
	return nil
}

// printGate writes a line for each condition, what stands in the way below it, and what to do.
func printGate(out io.Writer, r gate.Report) error {
	var b strings.Builder
	for _, c := range r.Conditions {
		mark := strings.ToUpper(string(c.Colour))
		if c.Accepted {
			mark = "ACCEPTED"
		}
		fmt.Fprintf(&b, "%-8s  %s: %s\n", mark, c.Name, c.Text)
		if c.Colour == gate.Green && c.Name != "clients" {
			continue
		}
		for _, item := range c.Items {
			fmt.Fprintf(&b, "            %s\n", oneLine(item))
		}
		if c.More > 0 {
			fmt.Fprintf(&b, "            and %d more\n", c.More)
		}
		if c.Do != "" {
			fmt.Fprintf(&b, "          > %s\n", c.Do)
		}
	}
	switch r.Colour {
	case gate.Green:
		fmt.Fprintf(&b, "The old server %s may be switched off.\n", r.Source)
	case gate.Yellow:
		fmt.Fprintf(&b, "Not yet: nothing would be lost that is known of, but look at the yellow lines first. Keep the old server %s running.\n", r.Source)
	default:
		fmt.Fprintf(&b, "No: keep the old server %s running until the red lines are gone.\n", r.Source)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
