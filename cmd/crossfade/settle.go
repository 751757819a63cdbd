package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
)

type settleCmd struct {
	aiming
	Now       bool `xor:"what" help:"Settle now: what is complete at once, the rest as soon as it is, without patience and pace. Every device reads these folders anew."`
	Stop      bool `xor:"what" help:"Let nothing settle, until --go. What has settled stays settled."`
	Go        bool `xor:"what" help:"Let it go on."`
	NoClients bool `name:"no-clients" xor:"what" help:"Nobody uses IMAP in this account: its folders need not wait for being opened."`
	Clients   bool `xor:"what" help:"Take --no-clients back."`
}

// Run tells which folders have settled and what keeps the others from it, or says what is to become of them. Exit code 1
// if a folder that was asked about has not settled.
func (c *settleCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	if (c.NoClients || c.Clients) && (c.Account == "" || c.Folder != "") {
		return usagef("--no-clients and --clients are about one account: add --account NAME, and no --folder")
	}
	switch {
	case c.Stop:
		return c.send(ctx, kctx, io, steering{Did: "settle-stop"}, "%s does not settle, until 'crossfade settle --go'; what has settled stays so")
	case c.Go:
		return c.send(ctx, kctx, io, steering{Did: "settle-go"}, "%s settles when it is ready")
	case c.NoClients:
		return c.send(ctx, kctx, io, steering{Did: "no-clients"}, "the folders of %s settle without waiting for being opened")
	case c.Clients:
		return c.send(ctx, kctx, io, steering{Did: "clients"}, "the folders of %s wait for being opened again")
	}
	if c.Folder != "" && c.Account == "" {
		return usagef("--folder %s: whose folder? Add --account NAME", c.Folder)
	}
	state, err := c.state(io, kctx)
	if err != nil {
		return err
	}
	q := url.Values{"account": {c.Account}, "folder": {c.Folder}, "now": {fmt.Sprint(c.Now)}}
	resp, err := ask(ctx, state, "POST", "/settle?"+q.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return c.print(resp.Body, io.out)
}

// print passes the lines on as they come.
func (c *settleCmd) print(lines io.Reader, out io.Writer) error {
	end, _, err := readLines[backfill.SettlingFolder, settleEnd](lines, out, c.JSON, func(_ json.RawMessage, f backfill.SettlingFolder) {
		if !c.JSON {
			printSettling(out, f)
		}
	})
	if err != nil {
		return err
	}
	return c.conclude(out, end)
}

func (c *settleCmd) conclude(out io.Writer, end settleEnd) error {
	switch {
	case end.Error != "":
		return errors.New(end.Error)
	case c.JSON:
	case end.Folders == 0:
		fmt.Fprintln(out, "No folder is known: an account is enrolled by its first login.")
	default:
		fmt.Fprintf(out, "%d of %d folders are shown under the new server's numbers.\n", end.Settled, end.Folders)
	}
	if !end.OK {
		return errTold
	}
	return nil
}

// printSettling writes one line for a folder, and one for each thing that stands in its way.
func printSettling(out io.Writer, f backfill.SettlingFolder) {
	switch {
	case f.Settled != nil:
		fmt.Fprintf(out, "settled  %s: %s, on %s\n", f.Account, f.Folder, f.Settled.UTC().Format("2006-01-02 15:04 MST"))
		return
	case f.Reason == "": // only the destination has it
		return
	}
	fmt.Fprintf(out, "waits    %s: %s", f.Account, f.Folder)
	if f.Until != nil {
		fmt.Fprintf(out, " (until %s)", f.Until.UTC().Round(time.Minute).Format("2006-01-02 15:04 MST"))
	}
	if f.Ordered {
		fmt.Fprint(out, ", ordered")
	}
	fmt.Fprintln(out)
	for _, why := range f.Why {
		fmt.Fprintf(out, "           %s\n", oneLine(why))
	}
}
