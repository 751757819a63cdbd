package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
	"crossfade/backfill/quarantine"
)

// quarantineCmd are the commands about messages that the new server refused.
type quarantineCmd struct {
	List    quarantineListCmd    `cmd:"" help:"List them with the reason and the server's own words."`
	Retry   quarantineRetryCmd   `cmd:"" help:"Try them again now."`
	Export  quarantineExportCmd  `cmd:"" help:"Write them as .eml files, byte for byte, with an index."`
	SignOff quarantineSignOffCmd `cmd:"" name:"sign-off" help:"Accept that they stay behind, or take that back."`
}

// picking are the flags that pick messages in quarantine.
type picking struct {
	Account string `placeholder:"NAME" help:"Only this account (default: all)."`
	Folder  string `placeholder:"NAME" help:"Only this folder (default: all)."`
	UID     uint32 `name:"uid" placeholder:"N" help:"Only this message, by its UID in the folder as mail programs see it."`
}

// query makes the picking part of a request.
func (p picking) query() string {
	q := url.Values{"account": {p.Account}, "folder": {p.Folder}}
	if p.UID != 0 {
		q.Set("uid", strconv.FormatUint(uint64(p.UID), 10))
	}
	return "?" + q.Encode()
}

// check wants to know whose folder it is where one message is meant.
func (p picking) check() error {
	if p.UID != 0 && (p.Folder == "" || p.Account == "") {
		return usagef("--uid names a message in one folder of one account: give --account and --folder too")
	}
	return nil
}

type quarantineListCmd struct {
	asking
	picking
	JSON bool `name:"json" help:"Print one JSON object."`
}

// Run lists the messages in quarantine.
func (c *quarantineListCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if err := c.check(); err != nil {
		return err
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	a, err := askQuarantine(ctx, state, "GET", "/quarantine"+c.query())
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		return enc.Encode(a)
	}
	return printQuarantine(io.out, a.Messages, time.Now())
}

// printQuarantine writes a line for each message, and one with the server's words.
func printQuarantine(out io.Writer, messages []backfill.Quarantined, now time.Time) error {
	if len(messages) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is in quarantine.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ACCOUNT\tFOLDER\tUID\tCLASS\tSIZE\tTRIED\tBYTES\tSIGNED OFF")
	for _, q := range messages {
		signed := "no"
		if q.SignedOff != nil {
			signed = fmt.Sprintf("by %s, %s", q.SignedOff.By, q.SignedOff.Time.Format("2006-01-02 15:04"))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\n", q.Account, q.Folder, q.UID, q.Class, q.Size, triedText(q, now), bytesText(q), signed)
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(fmt.Sprintf("%s: %s", q.Reason, strings.TrimSpace(q.Code+" "+q.Words)), ": "))
	}
	return w.Flush()
}

func triedText(q backfill.Quarantined, now time.Time) string {
	if q.Again {
		return "now"
	}
	return fmt.Sprintf("%d x, %s ago", q.Attempts, now.Sub(q.Tried).Round(time.Second))
}

// bytesText tells where the message's bytes are.
func bytesText(q backfill.Quarantined) string {
	switch {
	case q.Saved && q.Gone:
		return "saved only"
	case q.Saved:
		return "saved"
	case q.Gone:
		return "LOST"
	}
	return "old server"
}

type quarantineRetryCmd struct {
	asking
	picking
	JSON bool `name:"json" help:"Print one JSON object."`
}

// Run has refused messages tried again.
func (c *quarantineRetryCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.act(ctx, kctx, io, "/quarantine/retry"+c.query(), c.JSON, "%d messages are tried again; 'crossfade quarantine list' tells how it ends")
}

type quarantineSignOffCmd struct {
	asking
	picking
	All  bool   `help:"All messages in quarantine that --account and --folder pick, instead of one --uid."`
	By   string `placeholder:"NAME" help:"Who accepts it; stands in every report."`
	Undo bool   `help:"Take the acceptance back."`
	JSON bool   `name:"json" help:"Print one JSON object."`
}

// Run records that somebody accepts that messages stay behind.
func (c *quarantineSignOffCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	switch by := strings.TrimSpace(c.By); {
	case c.UID == 0 && !c.All:
		return usagef("which messages? Give --account, --folder and --uid, or --all for all that --account and --folder pick")
	case c.UID != 0 && c.All:
		return usagef("--uid and --all exclude each other")
	case by == "" && !c.Undo:
		return usagef("who accepts it? Give --by NAME: it stands in every report")
	}
	if err := c.check(); err != nil {
		return err
	}
	path, done := "/quarantine/sign-off"+c.query()+"&by="+url.QueryEscape(strings.TrimSpace(c.By)), "%d messages are signed off"
	if c.Undo {
		path, done = path+"&undo=true", "%d messages are not signed off any more"
	}
	return c.act(ctx, kctx, io, path, c.JSON, done)
}

// act posts a change and says how many messages it concerned.
func (a asking) act(ctx context.Context, kctx *kong.Context, io std, path string, asJSON bool, done string) error {
	state, err := a.state(io, kctx)
	if err != nil {
		return err
	}
	answer, err := askQuarantine(ctx, state, "POST", path)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(io.out).Encode(answer)
	}
	if answer.Count == 0 {
		return fmt.Errorf("no message in quarantine is meant by that; 'crossfade quarantine list' shows them")
	}
	_, err = fmt.Fprintf(io.out, done+"\n", answer.Count)
	return err
}

// quarantineIn is where a proxy saves the bytes of refused messages.
func quarantineIn(state string) quarantine.Options {
	return quarantine.Options{Dir: filepath.Join(state, "quarantine"), Room: func() int64 {
		var st syscall.Statfs_t
		if err := syscall.Statfs(state, &st); err != nil {
			return math.MaxInt64 // not known: a full disk is told when it is written to
		}
		return int64(min(st.Bavail, 1<<40)) * st.Bsize
	}}
}
