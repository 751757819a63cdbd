package imap

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

var (
	errNoTLS     = errors.New("the server offers no STARTTLS, and passwords must not travel in the clear")
	errNoLogin   = errors.New("the server offers neither LOGIN nor AUTHENTICATE PLAIN")
	errNoActing  = errors.New("the server does not offer AUTH=PLAIN, which logging in for somebody else needs: if it has master users, --source-master-form '{login}*{master}' may do")
	errNoWelcome = errors.New("this is not an IMAP server: no greeting")
)

// dial opens a connection for the pool and logs in.
func (a *account) dial(ctx context.Context) (*conn, error) { return a.connect(ctx, a.enter) }

// connect opens a connection and has enter do everything from its first byte on.
func (a *account) connect(ctx context.Context, enter func(context.Context, *conn) error) (*conn, error) {
	defer a.d.metrics.took(ctx, "connect", time.Now())
	dialCtx, cancel := context.WithTimeout(ctx, a.d.opts.DialTimeout)
	defer cancel()
	dial, greet := a.d.reachTimes(ctx)
	c, step, err := a.d.reach(dialCtx, a, dial, greet)
	if err != nil {
		a.d.hears(step, err)
		return nil, a.unreachable(step, err)
	}
	stop := c.wire.Watch(ctx)
	hush := a.d.guard(ctx, c)
	err = enter(dialCtx, c)
	hush()
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		c.close()
		var w *wireError
		if errors.As(err, &w) {
			err = a.unreachable("login", w.err)
		}
		return nil, err
	}
	return c, nil
}

// reach opens a connection on which the greeting comes next, and sets how long that may take.
func (d *Driver) reach(ctx context.Context, a *account, dial, greet time.Duration) (c *conn, step string, err error) {
	ctx, cancel := context.WithTimeout(ctx, dial)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.target.addr)
	if err != nil {
		return nil, "dial", err
	}
	if d.target.security == implicitTLS {
		t := tls.Client(nc, d.target.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = nc.Close() // the handshake's error is the one that matters
			return nil, "TLS", err
		}
		nc = t
	}
	wire := imapwire.NewConn(nc, imapwire.Options{Client: true, ReadTimeout: greet, WriteTimeout: greet})
	return &conn{a: a, host: d.Host(), wire: wire, caps: goimap.CapSet{}}, "", nil
}

// unreachable is a host that cannot be talked to just now.
func (a *account) unreachable(op string, err error) error {
	e := &backfill.Error{Op: op, Host: a.d.Host(), Scope: backfill.HostScope, Patience: backfill.Later, Err: err}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) || errors.Is(err, errNoTLS) {
		e.Patience = backfill.Never
	}
	if errors.Is(err, context.Canceled) {
		e.Patience = backfill.Now // it was us
	}
	var bye *byeError
	if errors.As(err, &bye) {
		e.Code, e.Text = bye.st.code, bye.st.text
	}
	return e
}

// enter does everything between the first byte and the first command of a pooled connection.
func (a *account) enter(ctx context.Context, c *conn) error {
	if _, err := a.admit(ctx, c); err != nil {
		return err
	}
	if c.caps.Has(goimap.CapID) {
		if _, err := c.command(handler{}, `ID ("name" "Crossfade")`); err != nil {
			return err
		}
	}
	return c.compress()
}

// admit does everything between the first byte and the logged-in state. preauth: no password was asked for.
func (a *account) admit(ctx context.Context, c *conn) (preauth bool, err error) {
	if preauth, err = c.greeting(); err != nil {
		a.d.hears("greeting", err)
		return preauth, err
	}
	a.d.hears("greeting", nil)
	c.wire.Timeouts(a.d.opts.Timeout, a.d.opts.Timeout)
	if len(c.caps) == 0 {
		if _, err := c.command(handler{}, "CAPABILITY"); err != nil {
			return preauth, err
		}
	}
	if err := a.secure(ctx, c); err != nil {
		return preauth, err
	}
	if !preauth {
		if c.caps, err = a.login(c); err != nil {
			return preauth, err
		}
	}
	if len(c.caps) == 0 {
		_, err = c.command(handler{}, "CAPABILITY")
	}
	return preauth, err
}

// greeting reads the first response (RFC 3501 7.1).
func (c *conn) greeting() (preauth bool, err error) {
	text, _, err := c.wire.Next()
	if err != nil {
		return false, c.fail(err)
	}
	sc := imapwire.NewScanner(text)
	st, ok := status{}, sc.Byte('*')
	if ok {
		st, ok = parseStatus(sc)
	}
	c.welcome = st.text
	switch {
	case !ok:
		return false, c.fail(errNoWelcome)
	case st.kind == "OK", st.kind == "PREAUTH":
		c.statusCode(st)
		c.courier = isCourier(st.text)
		return st.kind == "PREAUTH", nil
	}
	return false, &backfill.Error{Op: "greeting", Host: c.host, Scope: backfill.HostScope, Patience: backfill.Later, Code: st.code, Text: st.text}
}

// secure starts TLS where it is due. What the server said before does not count afterwards.
func (a *account) secure(ctx context.Context, c *conn) error {
	loopback := isLoopbackAddr(c.wire.NetConn().RemoteAddr())
	switch a.d.target.security {
	case implicitTLS:
		return nil
	case plain:
		if loopback || a.d.opts.AllowPlain {
			return nil
		}
		return a.unreachable("login", errNoTLS)
	case startTLSUnlessLoopback:
		if loopback {
			return nil
		}
	}
	if !c.caps.Has(goimap.CapStartTLS) {
		return a.unreachable("STARTTLS", errNoTLS)
	}
	st, err := c.command(handler{}, "STARTTLS")
	if err != nil {
		return err
	}
	if !st.ok() {
		return c.refused("STARTTLS", st, backfill.HostScope)
	}
	err = c.wire.Upgrade(func(nc net.Conn) (net.Conn, error) {
		t := tls.Client(nc, a.d.target.tls)
		return t, t.HandshakeContext(ctx)
	})
	if err != nil {
		return a.unreachable("STARTTLS", err)
	}
	c.caps = goimap.CapSet{}
	_, err = c.command(handler{}, "CAPABILITY")
	return err
}

// login proves the credentials and returns the capabilities told with the OK, if any.
func (a *account) login(c *conn) (goimap.CapSet, error) {
	disabled := c.caps.Has(goimap.CapLoginDisabled)
	sasl := c.caps.Has(goimap.AuthCap("PLAIN"))
	var st status
	var err error
	before := c.caps
	told := func() { c.caps = goimap.CapSet{} }
	switch ascii := imapwire.Quotable(a.user) && imapwire.Quotable(a.secret); {
	case a.as != "" && !sasl:
		return nil, &backfill.Error{Op: "login", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: "CANNOT", Err: errNoActing}
	case a.as != "":
		st, err = c.authenticatePlain(a.as, a.user, a.secret, before.Has(goimap.CapSASLIR), told)
	case !disabled && (ascii || !sasl):
		st, err = c.loginCommand(a.user, a.secret, told)
	case sasl:
		st, err = c.authenticatePlain("", a.user, a.secret, before.Has(goimap.CapSASLIR), told)
	default:
		return nil, &backfill.Error{Op: "login", Host: c.host, Scope: backfill.HostScope, Patience: backfill.Never, Err: errNoLogin}
	}
	if err != nil {
		return nil, err
	}
	if st.ok() {
		return c.caps, nil
	}
	e := c.refused("login", st, backfill.AccountScope)
	switch {
	case e.Scope == backfill.HostScope:
	case st.code == "" && st.kind == "NO", e.Patience == backfill.Never && st.code != "":
		e.Patience, e.Code, e.Err = backfill.Never, "AUTHENTICATIONFAILED", nil // a plain NO means that, too (RFC 3501 6.2.3)
	}
	return nil, e
}

// loginCommand sends LOGIN. forget is called once the last byte is written: only capabilities told from then
// on are those of the logged-in state.
func (c *conn) loginCommand(user, secret string, forget func()) (status, error) {
	tag := c.begin()
	_, _ = c.wire.WriteString("LOGIN")
	for _, s := range []string{user, secret} {
		_, _ = c.wire.WriteString(" ")
		c.leave(tag, handler{})
		var no *refusal
		if err := c.wire.String(s); errors.As(err, &no) {
			return no.st, nil
		} else if err != nil {
			return status{}, c.fail(err)
		}
	}
	forget()
	if err := c.send(); err != nil {
		return status{}, err
	}
	return c.wait(tag, handler{})
}

// authenticatePlain is SASL PLAIN (RFC 4616), as somebody else unless as is "", with the initial response where it is offered (RFC 4959).
func (c *conn) authenticatePlain(as, user, secret string, initial bool, forget func()) (status, error) {
	if strings.Contains(as+user+secret, "\x00") {
		return status{kind: "NO", text: "NUL in user or password"}, nil
	}
	answer := base64.StdEncoding.EncodeToString([]byte(as + "\x00" + user + "\x00" + secret))
	tag := c.begin()
	_, _ = c.wire.WriteString("AUTHENTICATE PLAIN")
	if initial {
		_, _ = c.wire.WriteString(" " + answer)
		forget()
	}
	if err := c.send(); err != nil {
		return status{}, err
	}
	if !initial {
		var no *refusal
		if err := c.waitGoOn(tag, handler{}); errors.As(err, &no) {
			return no.st, nil
		} else if err != nil {
			return status{}, err
		}
		forget()
		_, _ = c.wire.WriteString(answer)
		if err := c.send(); err != nil {
			return status{}, err
		}
	}
	return c.wait(tag, handler{})
}
