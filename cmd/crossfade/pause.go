package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

// steered is what the commands that steer the backfill ask of the engine.
type steered interface {
	Pause(t backfill.Target) error
	Resume(t backfill.Target) error
	Retry(t backfill.Target) error
	Prioritize(t backfill.Target, priority int) error
}

// steering is what such a command sends, and, with --json, what it prints.
type steering struct {
	Did string `json:"did"` // "pause", "resume", "retry", "priority", "settle-stop" ...
	backfill.Target
	Priority *int `json:"priority,omitempty"`
}

// steer answers the commands that steer the backfill.
func steer(mux *http.ServeMux, e controlled) {
	for name, act := range map[string]func(s steering) error{
		"settle-stop": func(s steering) error { return e.StopSettling(s.Target, true) },
		"settle-go":   func(s steering) error { return e.StopSettling(s.Target, false) },
		"no-clients":  func(s steering) error { return e.NoClients(s.Account, true) },
		"clients":     func(s steering) error { return e.NoClients(s.Account, false) },
		"pause":       func(s steering) error { return e.Pause(s.Target) },
		"resume":      func(s steering) error { return e.Resume(s.Target) },
		"retry":       func(s steering) error { return e.Retry(s.Target) },
		"priority": func(s steering) error {
			if s.Priority == nil {
				return &backfill.Refusal{Text: "which priority?"}
			}
			return e.Prioritize(s.Target, *s.Priority)
		},
	} {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			var s steering
			err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&s)
			if err == nil {
				err = act(s)
			}
			var no *backfill.Refusal
			switch {
			case err == nil:
				w.WriteHeader(http.StatusNoContent)
			case errors.As(err, &no):
				http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			default:
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
}

// aiming are the flags that say what a steering command is about.
type aiming struct {
	asking
	Account string `placeholder:"NAME" help:"One account alone, with all its folders (default: everything)."`
	Folder  string `placeholder:"PATH" help:"One folder of the account alone."`
	JSON    bool   `name:"json" help:"Print what was done as one JSON object."`
}

// send asks the running proxy and prints what was done.
func (c aiming) send(ctx context.Context, kctx *kong.Context, io std, s steering, done string) error {
	if c.Folder != "" && c.Account == "" {
		return usagef("--folder %s: whose folder? Add --account NAME", c.Folder)
	}
	s.Target = backfill.Target{Account: c.Account, Folder: c.Folder}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	if err := tell(ctx, state, "/"+s.Did, s); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(s)
	}
	what := "everything"
	switch {
	case c.Folder != "":
		what = c.Folder + " of " + c.Account
	case c.Account != "":
		what = c.Account
	}
	_, err = fmt.Fprintf(io.out, done+"\n", what)
	return err
}

// tell sends an order to the proxy that uses this state. What it refuses is returned in its words.
func tell(ctx context.Context, state, path string, order any) error {
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	resp, err := send(ctx, state, "POST", path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return refusedOrder(state, resp)
}

// stream sends an order whose answer is many lines; the caller closes its body.
func stream(ctx context.Context, state, path string, what any) (*http.Response, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	resp, err := send(ctx, state, "POST", path, bytes.NewReader(body))
	if err == nil && resp.StatusCode >= 300 {
		_ = resp.Body.Close()
		return nil, otherVersion(state, resp)
	}
	return resp, err
}

// refusedOrder is the error of an order that was not carried out, in the proxy's words.
func refusedOrder(state string, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusUnprocessableEntity, resp.StatusCode == http.StatusInternalServerError:
		why, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err != nil {
			return err
		}
		return errors.New(string(why))
	case resp.StatusCode >= 300:
		return otherVersion(state, resp)
	}
	return nil
}

type pauseCmd struct{ aiming }

// Run lets the copying rest.
func (c *pauseCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	return c.send(ctx, kctx, io, steering{Did: "pause"}, "%s is paused, until 'crossfade resume'; users go on working")
}

type resumeCmd struct{ aiming }

// Run lets the copying go on.
func (c *resumeCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	return c.send(ctx, kctx, io, steering{Did: "resume"}, "%s goes on")
}

type retryCmd struct{ aiming }

// Run ends the pauses that errors have made.
func (c *retryCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	return c.send(ctx, kctx, io, steering{Did: "retry"}, "%s is tried again at once")
}

type priorityCmd struct {
	aiming
	Priority int `arg:"" help:"From -100 to 100; higher ones go first, 0 is what everything begins with. Put -- before a negative one."`
}

// Run says what goes first.
func (c *priorityCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if c.Priority < -backfill.MaxPriority || c.Priority > backfill.MaxPriority {
		return usagef("the priority is a number from -%d to %d", backfill.MaxPriority, backfill.MaxPriority)
	}
	return c.send(ctx, kctx, io, steering{Did: "priority", Priority: &c.Priority}, fmt.Sprintf("%%s has priority %d", c.Priority))
}
