package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type verifyCmd struct {
	asking
	Account string `placeholder:"NAME" help:"Only this account (default: all)."`
	JSON    bool   `name:"json" help:"Print a JSON line for each folder and one with the verdict."`
}

// Run lets a running proxy compare both sides and prints a line for each folder. Exit code 1 if anything is
// still to be copied, missing, doubled, refused or different.
func (c *verifyCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	resp, err := ask(ctx, state, "GET", "/verify?account="+url.QueryEscape(c.Account))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return c.print(resp.Body, io.out)
}

// print passes the lines on. A stream that ends without a verdict proves nothing.
func (c *verifyCmd) print(lines io.Reader, out io.Writer) error {
	dec := json.NewDecoder(lines)
	equal, failed := 0, 0
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("the comparison was cut off: %w", err)
		}
		if c.JSON {
			if _, err := fmt.Fprintf(out, "%s\n", raw); err != nil {
				return err
			}
		}
		var last verdict
		if err := json.Unmarshal(raw, &last); err != nil {
			return fmt.Errorf("the proxy's answer cannot be read: %w", err)
		}
		if last.Verdict {
			return c.conclude(out, last, equal, failed)
		}
		var f backfill.FolderReport
		if err := json.Unmarshal(raw, &f); err != nil {
			return fmt.Errorf("the proxy's answer cannot be read: %w", err)
		}
		equal += f.Equal
		if !f.OK {
			failed++
		}
		if !c.JSON {
			printFolder(out, f)
		}
	}
}

func (c *verifyCmd) conclude(out io.Writer, last verdict, equal, failed int) error {
	if last.Error != "" {
		return errors.New(last.Error)
	}
	if c.JSON {
		if !last.OK {
			return errTold
		}
		return nil
	}
	if !last.OK {
		fmt.Fprintf(out, "%d of %d folders do not agree; %d messages are equal on both sides.\n", failed, last.Folders, equal)
		return errTold
	}
	fmt.Fprintf(out, "ok: %d folders agree, %d messages are equal on both sides.\n", last.Folders, equal)
	return nil
}

// printFolder writes one line, and one for each message that was refused.
func printFolder(out io.Writer, f backfill.FolderReport) {
	state := "ok  "
	if !f.OK {
		state = "FAIL"
	}
	fmt.Fprintf(out, "%s  %s: %s: %d equal", state, f.Account, f.Folder, f.Equal)
	if found := f.Findings(); found != "" {
		fmt.Fprintf(out, ", %s", found)
	}
	fmt.Fprintln(out)
	for _, d := range f.Differences {
		fmt.Fprintf(out, "      %s\n", d.String())
	}
	for _, r := range f.Refused {
		fmt.Fprintf(out, "      UID %d: %s %s\n", r.UID, r.Reason, strings.TrimSpace(r.Code+" "+r.Words))
	}
}
