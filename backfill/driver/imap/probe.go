package imap

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

var _ backfill.Inspector = (*Driver)(nil)

// Reach implements backfill.Inspector.
func (d *Driver) Reach(ctx context.Context) backfill.Reached {
	ctx, cancel := context.WithTimeout(ctx, d.opts.DialTimeout)
	defer cancel()
	var r backfill.Reached
	fail := func(step string, err error) backfill.Reached {
		r.Step, r.Err = step, err
		return r
	}
	host, _, err := net.SplitHostPort(d.target.addr)
	if err != nil {
		return fail("name", err)
	}
	if r.Addresses, err = net.DefaultResolver.LookupHost(ctx, host); err != nil {
		return fail("name", err)
	}
	start := time.Now()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.target.addr)
	if err != nil {
		return fail("connection", err)
	}
	r.Took = time.Since(start)
	// A copy of the driver whose handshake goes on whatever the certificate is, so that it can be told.
	look := *d
	look.target.tls = d.target.tls.Clone()
	look.target.tls.InsecureSkipVerify = true
	look.target.tls.VerifyConnection = func(cs tls.ConnectionState) error { return d.judge(cs, &r) }
	if step, err := look.meet(ctx, nc, &r); err != nil {
		return fail(step, err)
	}
	return r
}

// judge notes what a handshake showed and then decides as the URL says.
func (d *Driver) judge(cs tls.ConnectionState, r *backfill.Reached) error {
	pinned := d.target.tls.VerifyConnection
	seen := &backfill.TLSSeen{Version: tls.VersionName(cs.Version), Cipher: tls.CipherSuiteName(cs.CipherSuite),
		Pinned: pinned != nil, Skipped: pinned == nil && d.target.tls.InsecureSkipVerify}
	r.TLS = seen
	if len(cs.PeerCertificates) == 0 {
		seen.Distrust = errors.New("the server showed no certificate")
		return seen.Distrust
	}
	seen.Certificate = cs.PeerCertificates[0]
	seen.Sum = fmt.Sprintf("%x", sha256.Sum256(seen.Certificate.Raw))
	between := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, seen.Distrust = seen.Certificate.Verify(x509.VerifyOptions{Roots: d.target.tls.RootCAs, Intermediates: between, DNSName: d.target.tls.ServerName})
	switch {
	case pinned != nil:
		return pinned(cs)
	case seen.Skipped:
		return nil
	}
	return seen.Distrust
}

// meet does what comes before a login on a new connection, and closes it.
func (d *Driver) meet(ctx context.Context, nc net.Conn, r *backfill.Reached) (step string, err error) {
	if d.target.security == implicitTLS {
		t := tls.Client(nc, d.target.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = nc.Close() // the handshake's error is the one that matters
			return "TLS", err
		}
		nc, r.Security = t, "TLS"
	}
	wire := imapwire.NewConn(nc, imapwire.Options{Client: true, ReadTimeout: d.opts.DialTimeout, WriteTimeout: d.opts.DialTimeout})
	a := &account{d: d}
	c := &conn{a: a, host: d.Host(), wire: wire, caps: goimap.CapSet{}}
	defer c.logout()
	stop := wire.Watch(ctx)
	defer stop()
	_, err = c.greeting()
	r.Greeting = c.welcome
	if err != nil {
		return "greeting", err
	}
	if len(c.caps) == 0 {
		if _, err := c.command(handler{}, "CAPABILITY"); err != nil {
			return "greeting", err
		}
	}
	err = a.secure(ctx, c)
	r.Caps = c.caps.Copy()
	if err != nil {
		return "TLS", err
	}
	if r.TLS != nil && r.Security == "" {
		r.Security = "STARTTLS"
	}
	return "", nil
}
