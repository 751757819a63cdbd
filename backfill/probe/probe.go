package probe

import (
	"context"
	"errors"
	"time"

	"crossfade/backfill"
	"crossfade/mapping"
)

// Options of Run.
type Options struct {
	Source, Destination backfill.Driver
	User, Secret        string // a test account on both; without a user only the outside is looked at
	// Below and Above open it on the source and on the destination; the zero ones: User with Secret.
	Below, Above backfill.Credentials
	// Stranger: Below is not the user's own login, but a master user's. Own may be the user's own then.
	Stranger    bool
	Own         backfill.Credentials
	Connections int // how many connections of one account to try on each side; 0: none
	Folders     mapping.PlanOptions
	Large       bool // also write messages of 1 to 50 MB
	Tell        func(Finding)
}

// patience is how long one step may take.
const patience = time.Minute

// prober is one call of Run.
type prober struct {
	Options
	survey  Survey
	src     backfill.Mail
	dst     backfill.Writer
	folders []backfill.Folder // of the source
	inbox   backfill.BoxState // likewise
	limits  limits            // of the destination, as far as they were found
}

// Run looks at both servers and tells each finding as it comes. It returns what the test account holds on the source.
func Run(ctx context.Context, o Options) Survey {
	p := &prober{Options: o}
	p.source(ctx)
	p.destination(ctx)
	switch {
	case o.User == "":
		notes{Between, o.Tell}.yellow("account", "give a test account that both servers know: --user NAME --password-file FILE",
			"no test account: what shows only after a login was not looked at")
	case p.src != nil && p.dst != nil:
		p.compare(ctx)
	}
	for _, m := range []backfill.Mail{p.src, p.dst} {
		if m != nil {
			_ = m.Close() // nothing is expected of it any more
		}
	}
	return p.survey
}

func (p *prober) source(ctx context.Context) {
	n := notes{Source, p.Tell}
	p.outside(ctx, n, p.Source)
	if p.src = p.enter(ctx, n, p.Source, p.Below); p.src == nil {
		return
	}
	p.inside(ctx, n, p.src)
	p.look(ctx, n)
	p.sight(ctx, n)
	p.left(ctx, n)
}

func (p *prober) destination(ctx context.Context) {
	n := notes{Destination, p.Tell}
	p.outside(ctx, n, p.Destination)
	m := p.enter(ctx, n, p.Destination, p.Above)
	if m == nil {
		return
	}
	w, ok := m.(backfill.Writer)
	if !ok {
		n.red("writing", "choose another destination", "this kind of server cannot be written to")
		_ = m.Close()
		return
	}
	p.dst = w
	p.inside(ctx, n, w)
	p.room(ctx, n)
	restricted(ctx, n, w)
	p.write(ctx, n)
}

// step runs one part with a limit of its own.
func step[T any](ctx context.Context, do func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return do(ctx)
}

// enter logs the test account in, or tells why not.
func (p *prober) enter(ctx context.Context, n notes, d backfill.Driver, as backfill.Credentials) backfill.Mail {
	if p.User == "" {
		return nil
	}
	if as.User == "" {
		as = backfill.Credentials{User: p.User, Secret: p.Secret}
	}
	m, err := step(ctx, func(ctx context.Context) (backfill.Mail, error) { return backfill.LoginWith(ctx, d, as) })
	var e *backfill.Error
	switch {
	case err == nil:
		n.green("login", "%s can log in", as.User)
		return m
	case errors.As(err, &e) && e.Code == "AUTHENTICATIONFAILED":
		n.red("login", "see that the account is there under this name with this password, or say what it is called there (--users, --source-name, --destination-name)",
			"%s cannot log in: %s", as.User, words(err))
	default:
		n.red("login", "until that is mended nobody can work", "%s cannot log in: %s", as.User, words(err))
	}
	return nil
}

// words is what a server said, or why it said nothing. It never holds a secret: drivers see to that.
func words(err error) string {
	var e *backfill.Error
	var about *aboutError
	switch {
	case errors.As(err, &about):
		return about.what + ": " + words(about.err)
	case !errors.As(err, &e):
		return err.Error()
	case e.Text != "" && e.Code != "":
		return "[" + e.Code + "] " + e.Text
	case e.Text != "":
		return e.Text
	case e.Err != nil:
		return e.Err.Error()
	}
	return e.Error()
}

// aboutError says what was tried when an error came.
type aboutError struct {
	what string
	err  error
}

func (a *aboutError) Error() string { return a.what + ": " + a.err.Error() }
func (a *aboutError) Unwrap() error { return a.err }
