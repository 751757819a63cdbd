package imap

import (
	"context"
	"sync"
	"sync/atomic"

	"crossfade/backfill"
	"crossfade/backfill/pace"
)

// Driver talks to one IMAP host.
type Driver struct {
	opts   Options
	target target
	pool   *pool
	pace   *pace.Host
	bars   *bars
	pulse  *pulse
	sieve  *sieve

	metrics *metrics
}

// account is one user's mailboxes on the host.
type account struct {
	d            *Driver
	user, secret string
	as           string            // whose mailbox it is, if not user's own (RFC 4616)
	features     backfill.Features // written by Login only

	use          usage       // guarded by the pool
	permanent    sync.Map    // mailbox name -> keepable, as the last SELECT told it
	unordered    atomic.Bool // the server answers FETCH in another order than the UIDs': Read asks one by one
	orphans      atomic.Pointer[[]string]
	noListStatus atomic.Bool // the server offers LIST-STATUS and refuses it
	landmarks    atomic.Pointer[func(box string) backfill.Landmarks]
	grouped      atomic.Int32 // messages that go into one MULTIAPPEND, found from refusals; 0: as many as may be
}

var (
	_ backfill.Driver  = (*Driver)(nil)
	_ backfill.ActsFor = (*Driver)(nil)
	_ backfill.Writer  = (*account)(nil)

	_ backfill.Listener = (*account)(nil)
	_ backfill.Glancer  = (*account)(nil)
	_ backfill.Orphaned = (*account)(nil)
	_ backfill.Prover   = (*account)(nil)

	_ backfill.UseCreator = (*account)(nil)
)

// New makes a driver. It does not connect. Errors are about the URL, in one line.
func New(o Options) (*Driver, error) {
	t, err := parseURL(o)
	if err != nil {
		return nil, err
	}
	o = o.orDefaults()
	h := pace.New(t.addr, o.Limits)
	return &Driver{opts: o, target: t, pool: newPool(o, h), pace: h, bars: &bars{}, pulse: &pulse{}, sieve: &sieve{}, metrics: newMetrics()}, nil
}

// Host implements backfill.Driver.
func (d *Driver) Host() string { return d.target.addr }

// Pace implements backfill.Paced.
func (d *Driver) Pace() *pace.Host { return d.pace }

// Login implements backfill.Driver. What it returns is a backfill.Writer. The connection it was tried on
// stays in the pool.
func (d *Driver) Login(ctx context.Context, user, secret string) (backfill.Mail, error) {
	return d.LoginAs(ctx, backfill.Credentials{User: user, Secret: secret})
}

// LoginAs implements backfill.ActsFor: with an authorization identity by SASL PLAIN only.
func (d *Driver) LoginAs(ctx context.Context, who backfill.Credentials) (backfill.Mail, error) {
	a := &account{d: d, user: who.User, as: who.As, secret: who.Secret}
	err := a.do(ctx, need{op: "login", fresh: true}, func(c *conn) error {
		a.features = backfill.Features{Caps: c.caps.Copy()}
		return a.learnNamespace(c)
	})
	if err != nil {
		_ = a.Close() // closing what may be left of the attempt; the login's error is the one that matters
		return nil, err
	}
	return a, nil
}

// Features implements backfill.Mail.
func (a *account) Features() backfill.Features {
	f := a.features
	f.Caps = f.Caps.Copy()
	return f
}

// Close implements backfill.Mail. Calls that are under way end on their own and close their connections.
func (a *account) Close() error {
	for _, c := range a.d.pool.closeAccount(a) {
		c.close()
	}
	return nil
}
