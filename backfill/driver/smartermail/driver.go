package smartermail

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/backfill"
)

// full is all that the mail driver must be. Nothing of it may be hidden: whatever the engine finds on a driver that is not
// joined, it finds on one that is.
type full interface {
	backfill.Driver
	backfill.Paced
	backfill.Piper
	backfill.Inspector
	backfill.Greeter
	backfill.ActsFor
	Collector() prometheus.Collector
}

// fullMail is likewise all that an account's mail must be.
type fullMail interface {
	backfill.Writer
	backfill.Listener
	backfill.Glancer
	backfill.Orphaned
	backfill.UseCreator
	backfill.Meter
	backfill.LeftBehind
	backfill.Restricted
	backfill.Prover
	backfill.Sighted
}

// mailDriver keeps the field's name from being one of the methods.
type mailDriver = full

// Driver is the mail driver joined with the API.
type Driver struct {
	mailDriver
	*client

	rules rules
}

// mail is an account's mail with what the API adds.
type mail struct {
	fullMail
	d     *Driver
	login string
}

var (
	_ backfill.Provisioner   = (*Driver)(nil)
	_ backfill.MailboxLister = (*Driver)(nil)
	_ backfill.OwnLogins     = (*Driver)(nil)
	_ backfill.AutoCleaner   = (*mail)(nil)
)

// New joins a mail driver with an API. It connects to neither. Errors are about the options, in one line.
func New(m backfill.Driver, o Options) (*Driver, error) {
	f, ok := m.(full)
	if !ok {
		return nil, fmt.Errorf("smartermail: the mail driver %T cannot do all that is needed", m)
	}
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Driver{mailDriver: f, client: c, rules: rules{known: map[string]ruled{}}}, nil
}

// Host is the mail driver's: accounts are known by it.
func (d *Driver) Host() string { return d.mailDriver.Host() }

// Login implements backfill.Driver. The API has no part in it.
func (d *Driver) Login(ctx context.Context, user, secret string) (backfill.Mail, error) {
	m, err := d.mailDriver.Login(ctx, user, secret)
	return d.join(m, err, user)
}

// LoginAs implements backfill.ActsFor. The API has no part in it either.
func (d *Driver) LoginAs(ctx context.Context, c backfill.Credentials) (backfill.Mail, error) {
	m, err := d.mailDriver.LoginAs(ctx, c)
	if c.As != "" {
		return d.join(m, err, c.As)
	}
	return d.join(m, err, c.User)
}

// join adds what the API can to the mail of a login.
func (d *Driver) join(m backfill.Mail, err error, login string) (backfill.Mail, error) {
	if err != nil {
		return nil, err
	}
	f, ok := m.(fullMail)
	if !ok {
		_ = m.Close() // it was of no use
		return nil, fmt.Errorf("smartermail: the mail %T cannot do all that is needed", m)
	}
	return &mail{fullMail: f, d: d, login: login}, nil
}

// rules are what domains' rules were a while ago: every account of a domain has the same.
type rules struct {
	mu    sync.Mutex
	known map[string]ruled
}

type ruled struct {
	rules []rule
	told  bool
	at    time.Time
}

// rulesLast is how long a domain's rules are believed to be the same, and rulesMost of how many domains they are kept.
const (
	rulesLast = 10 * time.Minute
	rulesMost = 1000
)

// AutoCleaned implements backfill.AutoCleaner: the rules of the mailbox's domain. Those that a user made for one folder
// are not told to an administrator, and no public source names a call that tells them to the user: a token of the user
// (impersonate-user) would have to be tried on guesses.
func (m *mail) AutoCleaned(ctx context.Context) ([]backfill.CleanRule, error) {
	domain := domainOf(m.login)
	if domain == "" {
		return nil, backfill.ErrNotOffered
	}
	r, err := m.d.rulesOf(ctx, domain)
	if err != nil {
		return nil, err
	}
	if !r.told {
		return nil, backfill.ErrNotOffered
	}
	folders, err := m.Folders(ctx)
	if err != nil {
		return nil, err
	}
	return applied(r.rules, folders), nil
}

func (d *Driver) rulesOf(ctx context.Context, domain string) (ruled, error) {
	d.rules.mu.Lock()
	r, ok := d.rules.known[domain]
	d.rules.mu.Unlock()
	if ok && time.Since(r.at) < rulesLast {
		return r, nil
	}
	var err error
	if r.rules, r.told, err = d.cleanRules(ctx, domain); err != nil {
		return ruled{}, err
	}
	r.at = time.Now()
	d.rules.mu.Lock()
	defer d.rules.mu.Unlock()
	if len(d.rules.known) >= rulesMost {
		clear(d.rules.known)
	}
	d.rules.known[domain] = r
	return r, nil
}
