package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/pace"
)

// printHosts tells how each host is worked on, where there is anything to tell.
func printHosts(w io.Writer, hosts []pace.Stats, now time.Time) {
	for _, h := range hosts {
		var say []string
		if h.MessagesPerSecond >= 0.1 {
			say = append(say, fmt.Sprintf("%.1f messages/s, %s/s", h.MessagesPerSecond, megabytes(int64(h.BytesPerSecond))))
		}
		if h.MessageLimit > 0 {
			say = append(say, fmt.Sprintf("at most %.1f messages/s (%s)", h.MessageLimit, whose(h.MessagesConfigured > 0, h.MessagesFound > 0)))
		}
		if h.BytesConfigured > 0 {
			say = append(say, "at most "+megabytes(int64(h.BytesConfigured))+"/s (your setting)")
		}
		if h.ConnectionLimit > 0 {
			say = append(say, fmt.Sprintf("%d of %d connections (%s)", h.Connections, h.ConnectionLimit, whose(h.ConnectionsConfigured > 0, h.ConnectionsFound > 0)))
		}
		if h.PausedUntil != nil {
			say = append(say, fmt.Sprintf("left alone for %s: %s", h.PausedUntil.Sub(now).Round(time.Second), h.PausedFor))
		}
		if h.QuietUntil != nil {
			say = append(say, "quiet hours until "+h.QuietUntil.Format("Mon 15:04 MST"))
		}
		if len(say) > 0 {
			fmt.Fprintf(w, "%s %s: %s\n", h.Side, h.Host, strings.Join(say, ", "))
		}
	}
}

// printLogins tells on which servers logins fail.
func printLogins(w io.Writer, logins []backfill.LoginReport) {
	for _, l := range logins {
		line := fmt.Sprintf("%s %s: %d logins failed in %v", l.Side, l.Host, l.Failures, time.Duration(l.Seconds)*time.Second)
		if l.Limit > 0 {
			line += fmt.Sprintf(", at most %d may", l.Limit)
		}
		if l.Waiting > 0 || l.Declined > 0 {
			line += fmt.Sprintf("; %d with unknown passwords wait, %d were put off so far", l.Waiting, l.Declined)
		}
		fmt.Fprintln(w, line)
	}
}

// whose tells where a limit comes from.
func whose(configured, found bool) string {
	switch {
	case configured && found:
		return "your setting, and what it bears"
	case found:
		return "what it bears"
	}
	return "your setting"
}

// printWaits tells why an account does not go on, what it waits for, and its priority.
func printWaits(w io.Writer, a backfill.AccountReport, now time.Time) {
	if a.Waits != "" {
		until := ""
		if a.WaitsUntil != nil {
			until = fmt.Sprintf(" (for %s more)", a.WaitsUntil.Sub(now).Round(time.Second))
		}
		fmt.Fprintf(w, "  waits: %s%s\n", a.Waits, until)
	}
	if a.Priority != 0 {
		fmt.Fprintf(w, "  priority %d\n", a.Priority)
	}
	for _, f := range a.Folders {
		switch {
		case f.PausedFor != "":
			fmt.Fprintf(w, "  %s is paused, because the new server would delete what is moved there (%s): 'crossfade resume --account %s --folder %q' moves it all the same\n", f.Folder, f.PausedFor, a.Account, f.Folder)
		case f.Paused:
			fmt.Fprintf(w, "  %s is paused\n", f.Folder)
		}
		if f.Priority != 0 {
			fmt.Fprintf(w, "  %s has priority %d\n", f.Folder, f.Priority)
		}
	}
}
