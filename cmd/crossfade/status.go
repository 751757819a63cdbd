package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type statusCmd struct {
	asking
	JSON bool `name:"json" help:"Print the report as one JSON object."`
}

// Run prints how far a running proxy is.
func (c *statusCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	resp, err := ask(ctx, state, "GET", "/status")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var r backfill.Report
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		return unreadable(err)
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return printStatus(io.out, r, time.Now())
}

// printStatus writes the report for people: a line for each account, and for each folder that is not done.
func printStatus(out io.Writer, r backfill.Report, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if r.Held {
		fmt.Fprintln(w, "The backfill is held: 'crossfade resume' lets it go.")
	}
	if r.Problem != "" {
		fmt.Fprintln(w, "! "+r.Problem)
	}
	if r.SettleStopped {
		fmt.Fprintln(w, "Nothing settles: 'crossfade settle --go' lets it go on.")
	}
	for _, q := range r.Refused {
		fmt.Fprintf(w, "In quarantine: %d %s, %d of them signed off; 'crossfade quarantine list' has the reasons.\n", q.Messages, q.Class, q.SignedOff)
	}
	if len(r.Accounts) == 0 {
		fmt.Fprintln(w, "No account has logged in yet: an account is enrolled by its first login.")
		printLogins(w, r.Logins)
		return w.Flush()
	}
	if err := errors.Join(w.Flush(), printProgress(out, r)); err != nil {
		return err
	}
	fmt.Fprintln(w, "ACCOUNT\tSTATE\tCOPIED\tTO GO\tREFUSED\tNEW SIDE ONLY\tSIZE COPIED")
	for _, a := range r.Accounts {
		state := "moving"
		if a.Done {
			state = "copied"
			if a.Parting.Stage != "" && a.Parting.Stage != "blended" {
				state = a.Parting.Stage
			}
		}
		printCounts(w, a.Account, state, a.Counts)
		if a.Problem != "" {
			fmt.Fprintf(w, "  ! %s%s\n", a.Problem, ago(a.Since, now))
		}
		printWaits(w, a, now)
		printParting(w, a.Parting)
		if a.Hidden != "" {
			fmt.Fprintf(w, "  ! %s\n", a.Hidden)
		}
		if a.Doubt != "" {
			fmt.Fprintf(w, "  ! %s\n", a.Doubt)
		}
		for _, f := range a.Folders {
			if (f.State == "copied" || f.State == "destination only") && f.Note == "" {
				continue
			}
			printCounts(w, "  "+f.Folder, f.State, f.Counts)
			if f.Problem != "" {
				fmt.Fprintf(w, "    ! %s\n", f.Problem)
			}
			if f.Note != "" {
				fmt.Fprintf(w, "    %s\n", f.Note)
			}
		}
	}
	if len(r.Accounts) > 1 {
		printCounts(w, "all", "", r.Total)
	}
	printHosts(w, r.Hosts, now)
	printLogins(w, r.Logins)
	return w.Flush()
}

// printProgress writes how far everything is, and each domain if there are several.
func printProgress(out io.Writer, r backfill.Report) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DOMAIN\tDONE\tOF\t\tSPEED\tTIME LEFT\tFOLDERS NOT LISTED")
	line := func(name string, p backfill.Progress) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%d\n", name, p.Done, p.Source, percent(p.Ratio), speed(p.MessagesPerSecond), left(p.ETASeconds), p.Unlisted)
	}
	if len(r.Domains) > 1 {
		for _, d := range r.Domains {
			line(d.Domain, d.Progress)
		}
	}
	line("all", r.Progress)
	fmt.Fprintln(w)
	return w.Flush()
}

// percent is a ratio for people; it never rounds up to a hundred.
func percent(ratio *float64) string {
	switch {
	case ratio == nil:
		return "-"
	case *ratio >= 1:
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", math.Floor(*ratio*1000)/10)
}

func speed(perSecond *float64) string {
	if perSecond == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f/s", *perSecond)
}

func left(seconds *float64) string {
	switch {
	case seconds == nil:
		return "-"
	case *seconds == 0:
		return "none"
	case *seconds > 1e8:
		return "years"
	}
	return (time.Duration(*seconds) * time.Second).String()
}

func printCounts(w io.Writer, name, state string, c backfill.Counts) {
	fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", name, state, c.Copied, c.Listed+c.Copying, c.Quarantined, c.Above, megabytes(c.CopiedBytes))
}

// ago tells since when, roughly.
func ago(since *time.Time, now time.Time) string {
	if since == nil {
		return ""
	}
	return fmt.Sprintf(" (for %s)", now.Sub(*since).Round(time.Second))
}
