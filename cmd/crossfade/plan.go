package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"
	"golang.org/x/text/language"

	"crossfade/backfill"
	"crossfade/mapping"
)

// planCmd shows what would become of a mailbox's folders, from a list or from the two servers. It changes nothing.
type planCmd struct {
	Config              string `placeholder:"FILE" help:"Configuration file (TOML) with the same names as the flags of 'serve'."`
	Folders             string `placeholder:"FILE" help:"The old server's folders: one path a line, then optionally a tab and its LIST attributes; - reads standard input. Without it the servers are asked."`
	DestinationFolders  string `placeholder:"FILE" help:"The new server's folders in the same form (default: SmarterMail's own in English)."`
	Separator           string `placeholder:"C" help:"The hierarchy separator in these files (default: guessed for each file, and told)."`
	Language            string `placeholder:"TAG" help:"The language of the old mailbox, such as de or pt-BR (default: what its folders' names speak for)."`
	DestinationLanguage string `placeholder:"TAG" help:"The language of the new mailbox (default: what its folders' names speak for)."`
	MUTF7               bool   `name:"mutf7" help:"The paths in the files are in modified UTF-7, as IMAP servers spell them."`
	Each                bool   `help:"Each line is a mailbox by itself, of INBOX and that folder."`
	User                string `placeholder:"NAME" help:"Ask the servers for this account, whose password is the same on both, unless --users or --source-master say otherwise."`
	PasswordFile        string `placeholder:"FILE" help:"The account's password: the first line of this file; - reads standard input (default: the environment's CROSSFADE_CHECK_PASSWORD)."`
	JSON                bool   `name:"json" help:"Print one JSON object a line."`
	settings
}

// planned is one mailbox's plan with what it was made from.
type planned struct {
	source, dest mapping.Tree
	plan         mapping.Plan
	guessed      []string // what was guessed, for people
}

// Run makes the plan and prints it.
func (c *planCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	for _, l := range []struct{ name, tag string }{{"language", c.Language}, {"destination-language", c.DestinationLanguage}} {
		if _, err := language.Parse(l.tag); l.tag != "" && err != nil {
			return usagef("--%s %s: give a language tag, such as de or pt-BR", l.name, l.tag)
		}
	}
	s, err := load(c.Config, io.env, kctx)
	if err != nil {
		return err
	}
	opts, err := s.folders()
	if err != nil {
		return err
	}
	opts.Language, opts.DestLanguage = c.Language, c.DestinationLanguage
	if c.Folders != "" {
		return c.fromFiles(opts, io)
	}
	p, err := c.fromServers(ctx, s, opts, io)
	if err != nil {
		return err
	}
	p.unusedOverrides(opts)
	if c.JSON {
		return planJSON(io.out, p, false)
	}
	return planTable(io.out, p)
}

// unusedOverrides tells of overrides for folders that this mailbox does not have.
func (p *planned) unusedOverrides(opts mapping.PlanOptions) {
	for _, path := range opts.Overrides.Unused(p.source) {
		p.guessed = append(p.guessed, fmt.Sprintf("no folder is called %q as the overrides have it", path))
	}
}

// fromServers lists the folders of both sides and plans.
func (c *planCmd) fromServers(ctx context.Context, s settings, opts mapping.PlanOptions, io std) (*planned, error) {
	if c.Each || c.MUTF7 || c.Separator != "" || c.DestinationFolders != "" {
		return nil, usagef("--each, --mutf7, --separator and --destination-folders are for lists: give --folders FILE too")
	}
	if s.Source == "" && c.User == "" {
		return nil, usagef("whose folders? Give --folders FILE, or --source, --destination and --user")
	}
	if err := s.checkServers(); err != nil {
		return nil, err
	}
	if c.User == "" {
		return nil, usagef("whose folders? Give --user NAME")
	}
	secret, err := testPassword(c.User, c.PasswordFile, io)
	if err != nil {
		return nil, err
	}
	who, err := s.logins()
	if err != nil {
		return nil, err
	}
	account, err := who.open(s, c.User, secret)
	if err != nil {
		return nil, err
	}
	p := &planned{}
	old, source, err := askTree(ctx, "source", account.url, s, account.below)
	if err != nil {
		return nil, err
	}
	defer old.Close() // nothing was changed
	fresh, dest, err := askTree(ctx, "destination", s.Destination, s, account.above)
	if err != nil {
		return nil, err
	}
	defer fresh.Close() // likewise
	p.source, p.dest, p.plan = source, dest, mapping.NewPlan(source, dest, opts)
	p.refusable(opts)
	views, err := backfill.FindUnfiled(ctx, old, p.plan.Decisions)
	if err != nil {
		return nil, fmt.Errorf("--source: %w", err)
	}
	for _, v := range views {
		p.guessed = append(p.guessed, fmt.Sprintf("%d of %d messages in %q are in no folder that is moved", v.Alone, v.Messages, v.Name))
	}
	if account.stranger {
		doubt, err := backfill.LookSight(ctx, old)
		if err != nil {
			return nil, fmt.Errorf("--source: %w", err)
		}
		if doubt != "" {
			p.guessed = append(p.guessed, "this may not be all: "+doubt+"; "+backfill.SightRemedy)
		}
	}
	return p, p.restrictions(ctx, old, fresh)
}

// refusable notes which names other servers have refused: only the making of a folder tells whether this one does.
func (p *planned) refusable(opts mapping.PlanOptions) {
	for _, d := range p.plan.Decisions {
		strict := slices.Clone(d.Dest)
		for i := range strict {
			strict[i] = mapping.Strict(strict[i], p.dest.Separator, opts.NameLimit)
		}
		if d.Kind == mapping.Create && !strict.Equal(d.Dest) {
			p.guessed = append(p.guessed, fmt.Sprintf("if the new server refuses the name of %q, the folder is made as %q", d.Dest.String(), strict.String()))
		}
	}
}

// restrictions notes what rights do not let be read or written.
func (p *planned) restrictions(ctx context.Context, old, fresh backfill.Mail) error {
	for _, side := range []struct {
		name  string
		m     backfill.Mail
		write bool
	}{{"source", old, false}, {"destination", fresh, true}} {
		by, ok := side.m.(backfill.Restricted)
		if !ok {
			continue
		}
		found, err := by.Restricted(ctx, side.write)
		if err != nil {
			return fmt.Errorf("--%s: %w", side.name, err)
		}
		for _, l := range found {
			p.guessed = append(p.guessed, fmt.Sprintf("on the %s, %s", side.name, l.Text))
		}
	}
	return nil
}

// askTree lists one account's folders on one server, which stays open unless that fails.
func askTree(ctx context.Context, side, url string, s settings, as backfill.Credentials) (m backfill.Mail, t mapping.Tree, err error) {
	d, err := newDriver(side, url, s.AllowPlainUpstream, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, t, err
	}
	if m, err = backfill.LoginWith(ctx, d, as); err != nil {
		return nil, t, fmt.Errorf("--%s: %w", side, err)
	}
	fs, err := m.Folders(ctx)
	if err != nil {
		return nil, t, errors.Join(fmt.Errorf("--%s: %w", side, err), m.Close())
	}
	return m, backfill.TreeOf(fs, m.Features()), nil
}

// folders is what the settings say about folders.
func (s settings) folders() (o mapping.PlanOptions, err error) {
	if s.LongestName != "" {
		if o.NameLimit, err = strconv.Atoi(s.LongestName); err != nil || o.NameLimit < mapping.ShortestName {
			return o, usagef("--longest-name %s: give a number of bytes, at least %d", s.LongestName, mapping.ShortestName)
		}
	}
	o.Overrides, err = readOverrides(s.Overrides)
	return o, err
}

// readOverrides reads the admin's overrides; none without a file.
func readOverrides(path string) (mapping.Overrides, error) {
	if path == "" {
		return mapping.Overrides{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return mapping.Overrides{}, usagef("--overrides %s: %v", path, cause(err))
	}
	defer f.Close() // it was only read
	over, err := mapping.ParseOverrides(f)
	if err != nil {
		return over, usagef("--overrides %s: %v", path, err)
	}
	return over, nil
}
