package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
	"crossfade/backfill/pace"
	"crossfade/backfill/probe"
)

// passwordEnv is where the test account's password may stand, so that it need not be in a file.
const passwordEnv = "CROSSFADE_CHECK_PASSWORD"

// checkCmd looks at both servers. It needs no running proxy and does not mind one.
type checkCmd struct {
	Config         string `placeholder:"FILE" help:"Configuration file (TOML) with the same names as the flags of 'serve'."`
	User           string `placeholder:"NAME" help:"A test account that both servers know by this password; --users, --source-name and so on say what it is called on each. On the destination a scratch folder is made in it and removed."`
	PasswordFile   string `placeholder:"FILE" help:"The test account's password: the first line of this file; - reads standard input (default: the environment's CROSSFADE_CHECK_PASSWORD)."`
	TryConnections int    `placeholder:"N" default:"4" help:"How many connections of the test account to try on each server (default: ${default})."`
	Accounts       int    `placeholder:"N" default:"1" help:"How many accounts will move, for the estimate of disk space (default: ${default})."`
	Large          bool   `help:"Write messages of 1 to 50 MB, too."`
	JSON           bool   `name:"json" help:"Print all findings as one JSON object."`
	settings
}

// checkReport is what --json prints.
type checkReport struct {
	OK       bool            `json:"ok"` // nothing is red
	Red      int             `json:"red"`
	Yellow   int             `json:"yellow"`
	Green    int             `json:"green"`
	Survey   probe.Survey    `json:"survey"`
	Findings []probe.Finding `json:"findings"`
}

// Run looks, prints and fails if anything is red.
func (c *checkCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	s, err := load(c.Config, io.env, kctx)
	if err != nil {
		return err
	}
	if err := s.checkServers(); err != nil {
		return err
	}
	opts, err := c.options(s, io)
	if err != nil {
		return err
	}
	r := &checkReport{Findings: []probe.Finding{}}
	paper := newPaper(io.out)
	opts.Tell = func(f probe.Finding) {
		r.add(f)
		if !c.JSON {
			paper.finding(f)
		}
	}
	api, err := s.apiToCheck(opts.Destination)
	if err != nil {
		return err
	}
	r.Survey = probe.Run(ctx, opts)
	api.check(ctx, c.User, opts.Tell)
	here(ctx, s, r.Survey, c.Accounts, []secretAt{{"password-file", c.PasswordFile, "the test account's password"}}, opts.Tell)
	r.OK = r.Red == 0
	if err := c.conclude(io.out, r, paper); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: what is printed is not all")
	}
	if !r.OK {
		return errTold
	}
	return nil
}

func (r *checkReport) add(f probe.Finding) {
	r.Findings = append(r.Findings, f)
	switch f.Level {
	case probe.Green:
		r.Green++
	case probe.Yellow:
		r.Yellow++
	default:
		r.Red++
	}
}

func (c *checkCmd) conclude(out io.Writer, r *checkReport, p *paper) error {
	if !c.JSON {
		p.verdict(r)
		return p.err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// options are what the settings and flags make of a probe.
func (c *checkCmd) options(s settings, io std) (o probe.Options, err error) {
	if c.TryConnections < 0 || c.Accounts < 1 {
		return o, usagef("--try-connections and --accounts are counts")
	}
	o = probe.Options{User: c.User, Connections: c.TryConnections, Large: c.Large}
	log := slog.New(slog.DiscardHandler)
	if o.Source, err = s.sourceDriver(s.Source, pace.Limits{}, log); err != nil {
		return o, err
	}
	if o.Destination, err = newDriver("destination", s.Destination, s.AllowPlainUpstream, log); err != nil {
		return o, err
	}
	if o.Folders, err = s.folders(); err != nil {
		return o, err
	}
	if c.User == "" {
		if c.PasswordFile != "" {
			return o, usagef("--password-file without --user: whose password is it?")
		}
		return o, nil
	}
	secret, err := testPassword(c.User, c.PasswordFile, io)
	if err != nil {
		return o, err
	}
	who, err := s.logins()
	if err != nil {
		return o, err
	}
	account, err := who.open(s, c.User, secret)
	if err != nil {
		return o, err
	}
	o.Below, o.Above, o.Stranger, o.Own = account.below, account.above, account.stranger, backfill.Credentials{User: account.sourceLogin, Secret: secret}
	o.Source, err = s.sourceDriver(account.url, pace.Limits{}, log)
	return o, err
}

// testPassword finds an account's password. It is never taken from the command line, which others can see.
func testPassword(user, file string, io std) (string, error) {
	if file != "" {
		return readPassword(file)
	}
	for _, e := range io.env {
		if v, ok := strings.CutPrefix(e, passwordEnv+"="); ok && v != "" {
			return v, nil
		}
	}
	return "", usagef("the password of %s? Give --password-file FILE (- for standard input) or %s in the environment", user, passwordEnv)
}

func readPassword(path string) (string, error) { return firstLine("password-file", path) }

// firstLine is a password from a file; - is standard input. name is the setting.
func firstLine(name, path string) (string, error) {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", usagef("--%s %s: %v", name, path, cause(err))
		}
		defer f.Close() // it was only read
		in = f
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", usagef("--%s %s: %v", name, path, cause(err))
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usagef("--%s %s: its first line is empty", name, path)
	}
	return line, nil
}
