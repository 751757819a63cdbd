package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"
	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/export"
)

type exportCmd struct {
	asking
	DestinationOnly bool   `name:"destination-only" help:"What exists only on the new server: the one kind of export there is."`
	Since           string `placeholder:"TIME" help:"Only what came later: 2026-03-01, 2026-03-01T18:00:00Z, or how long ago: 36h, 10d (default: everything)."`
	Out             string `placeholder:"DIR" help:"Where to write: DIR/account/mail/folder. A later export into it adds only what is new."`
	Account         string `placeholder:"NAME" help:"Only this account (default: all)."`
	Format          string `default:"maildir" enum:"maildir,mbox" help:"maildir (byte for byte, with flags and dates) or mbox (no flags)."`
	JSON            bool   `name:"json" help:"Print a JSON line for each account, and one with the sum."`
}

// exportResult is what --json prints for an account.
type exportResult struct {
	Account string          `json:"account"`
	Dir     string          `json:"dir"`
	Counts  export.Counts   `json:"counts"`
	Failed  []exportFailure `json:"failed,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// exportSum is the last line that --json prints. OK says that nothing is missing.
type exportSum struct {
	Sum      bool `json:"sum"` // always true: it tells this line from the accounts
	OK       bool `json:"ok"`
	Accounts int  `json:"accounts"`
	Messages int  `json:"messages"`
	Changes  int  `json:"changes"`
	Failed   int  `json:"failed"`
}

// Run writes what must not be lost if the old server takes over again. Exit code 1 if anything could not be written.
func (c *exportCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if !c.DestinationOnly {
		return usagef("what is to be exported? Give --destination-only: what exists only on the new server")
	}
	if c.Out == "" {
		return usagef("where to? Give --out DIR")
	}
	since, err := sinceTime("since", c.Since, time.Now())
	if err != nil {
		return err
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	names, err := exportNames(ctx, state, c.Account)
	if err != nil {
		return err
	}
	sum := exportSum{Sum: true, OK: true, Accounts: len(names)}
	for _, name := range names {
		r := exportResult{Account: name, Dir: filepath.Join(c.Out, fileName(name))}
		if err := c.account(ctx, state, since, &r); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.Error = oneLine(err.Error())
		}
		sum.add(r)
		if err := c.tell(io.out, r); err != nil {
			return err
		}
	}
	return c.conclude(io.out, sum)
}

func (s *exportSum) add(r exportResult) {
	s.OK = s.OK && r.Error == "" && r.Counts.Failed == 0
	s.Messages += r.Counts.Messages
	s.Changes += r.Counts.Flags + r.Counts.Moved + r.Counts.Copied + r.Counts.Deleted
	s.Failed += r.Counts.Failed
}

// exportNames are the accounts that are exported.
func exportNames(ctx context.Context, state, only string) ([]string, error) {
	if only != "" {
		return []string{only}, nil
	}
	resp, err := ask(ctx, state, "GET", "/status")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var r backfill.Report
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		return nil, unreadable(err)
	}
	var out []string
	for _, a := range r.Accounts {
		out = append(out, a.Account)
	}
	return out, nil
}

// account exports one account. What an earlier export has is not sent again.
func (c *exportCmd) account(ctx context.Context, state string, since time.Time, r *exportResult) error {
	q := url.Values{"account": {r.Account}}
	w, err := newExportWriter(r.Dir, c.Format)
	if err != nil {
		return err
	}
	have := make(haves)
	err = c.stream(ctx, state, "GET", "/export/folders?"+q.Encode(), nil, func(x exportRecord, _ io.Reader) error {
		if x.Folder == nil {
			return nil
		}
		uids, err := w.has(*x.Folder)
		if len(uids) > 0 {
			have[x.Folder.ID] = export.Have{UIDValidity: x.Folder.UIDValidity, UIDs: imap.UIDSetNum(uids...)}
		}
		return err
	})
	if err != nil {
		return errors.Join(err, w.close())
	}
	if !since.IsZero() {
		q.Set("since", since.Format(time.RFC3339Nano))
	}
	err = c.stream(ctx, state, "POST", "/export?"+q.Encode(), have, func(x exportRecord, body io.Reader) error {
		switch {
		case x.Folder != nil:
			return w.folder(*x.Folder)
		case x.Message != nil:
			return w.message(*x.Message, body)
		case x.Change != nil:
			return w.change(*x.Change)
		case x.Failed != nil:
			r.Failed = append(r.Failed, *x.Failed)
		case x.End != nil:
			r.Counts = x.End.Counts
		}
		return nil
	})
	return errors.Join(err, w.close())
}

// stream sends a request and calls each for every record of the answer.
func (c *exportCmd) stream(ctx context.Context, state, method, path string, have haves, each func(exportRecord, io.Reader) error) error {
	body, err := json.Marshal(have)
	if err != nil {
		return err
	}
	resp, err := send(ctx, state, method, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return otherVersion(state, resp)
	}
	in := newExportReader(resp.Body)
	for {
		x, err := in.next()
		if err != nil {
			return err
		}
		var body io.Reader
		if x.Body && x.Message != nil {
			body = in.body(x.Message.Size)
		}
		if err := each(x, body); err != nil || x.End != nil {
			return err
		}
	}
}

func (c *exportCmd) tell(out io.Writer, r exportResult) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	n := r.Counts
	fmt.Fprintf(out, "%s: %d messages only on the new server", r.Account, n.Messages)
	if n.Had > 0 {
		fmt.Fprintf(out, ", %d of them exported before", n.Had)
	}
	if n.Earlier > 0 {
		fmt.Fprintf(out, "; %d more had come before and were left out", n.Earlier)
	}
	fmt.Fprintln(out)
	if n.Flags+n.Moved+n.Copied+n.Deleted > 0 {
		fmt.Fprintf(out, "  not exported, since the old server has the messages: %d with other flags, %d moved, %d copied, %d deleted; see %s\n",
			n.Flags, n.Moved, n.Copied, n.Deleted, filepath.Join(r.Dir, changesFile))
	}
	for _, f := range r.Failed {
		fmt.Fprintf(out, "  FAIL %s: %s\n", oneLine(f.Folder), f.Error)
	}
	if n.Failed > len(r.Failed) {
		fmt.Fprintf(out, "  FAIL %d messages could not be had; %s says which\n", n.Failed-len(r.Failed), filepath.Join(r.Dir, messagesFile))
	}
	if r.Error != "" {
		fmt.Fprintf(out, "  FAIL %s\n", r.Error)
	}
	return nil
}

func (c *exportCmd) conclude(out io.Writer, sum exportSum) error {
	if c.JSON {
		if err := json.NewEncoder(out).Encode(sum); err != nil {
			return err
		}
	} else if sum.OK {
		fmt.Fprintf(out, "ok: %d messages of %d accounts are in %s.\n", sum.Messages, sum.Accounts, c.Out)
	} else {
		fmt.Fprintf(out, "Not everything could be exported. What is in %s is whole; the same command goes on from there.\n", c.Out)
	}
	if !sum.OK {
		return errTold
	}
	return nil
}
