package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"crossfade/backfill/verify"
)

type verifyCmd struct {
	asking
	Account string `placeholder:"NAME" help:"Only this account (default: all)."`
	Quick   bool   `help:"Compare listings only: Message-IDs, sizes, flags and dates, no bodies. It proves less."`
	Names   int    `default:"100" placeholder:"N" help:"How many messages to name for each kind of difference in a folder (default: 100)."`
	Report  string `placeholder:"FILE" help:"Write a report that a person can sign: FILE.md, FILE.html or FILE.txt, and FILE.json beside it."`
	JSON    bool   `name:"json" help:"Print a JSON line for each folder and one with the verdict."`

	report *proof // gathered for --report
}

// Run lets a running proxy compare both sides and prints a line for each folder. Exit code 1 if anything is
// still to be copied, missing, doubled, refused or different.
func (c *verifyCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if c.Report != "" {
		if err := checkReportName(c.Report); err != nil {
			return err
		}
		c.report = &proof{}
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	q := url.Values{"account": {c.Account}, "quick": {strconv.FormatBool(c.Quick)}, "names": {strconv.Itoa(c.Names)}}
	resp, err := ask(ctx, state, "GET", "/verify?"+q.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	end := c.print(resp.Body, io.out)
	if c.report == nil || !c.report.whole {
		return end
	}
	if err := c.report.write(c.Report); err != nil {
		return fmt.Errorf("--report %s: %w", c.Report, err)
	}
	if !c.JSON {
		fmt.Fprintf(io.out, "The report is in %s, the data in %s.\n", c.Report, dataFile(c.Report))
	}
	return end
}

// print passes the lines on.
func (c *verifyCmd) print(lines io.Reader, out io.Writer) error {
	equal, failed := 0, 0
	last, raw, err := readLines[verify.Report, verdict](lines, out, c.JSON, func(raw json.RawMessage, f verify.Report) {
		c.report.add(raw, f)
		equal += f.Equal
		if !f.OK {
			failed++
		}
		if !c.JSON {
			printFolder(out, f)
		}
	})
	if err != nil {
		return err
	}
	c.report.end(raw, last)
	return c.conclude(out, last, equal, failed)
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
	how := ""
	if last.Quick {
		how = " (no bodies were read)"
	}
	if !last.OK {
		fmt.Fprintf(out, "%d of %d folders do not agree; %d messages are equal on both sides%s.\n", failed, last.Folders, equal, how)
		return errTold
	}
	fmt.Fprintf(out, "ok: %d folders agree, %d messages are equal on both sides%s.\n", last.Folders, equal, how)
	return nil
}

// printFolder writes one line, one for each message that is named, and one for each that was refused.
func printFolder(out io.Writer, f verify.Report) {
	state := "ok  "
	if !f.OK {
		state = "FAIL"
	}
	fmt.Fprintf(out, "%s  %s: %s: %d equal", state, f.Account, f.Folder, f.Equal)
	if found := f.Findings(); found != "" {
		fmt.Fprintf(out, ", %s", oneLine(found))
	}
	fmt.Fprintln(out)
	for _, d := range f.Differences {
		fmt.Fprintf(out, "      %s\n", oneLine(d.String()))
	}
	for _, r := range f.Refused {
		signed := ""
		if r.SignedOff != nil {
			signed = fmt.Sprintf(" (signed off by %s)", r.SignedOff.By)
		}
		fmt.Fprintf(out, "      UID %d: %s %s%s\n", r.UID, r.Reason, oneLine(strings.TrimSpace(r.Code+" "+r.Words)), signed)
	}
}
