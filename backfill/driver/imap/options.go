package imap

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"crossfade/backfill/pace"
)

// Options of a driver. All but URL may be left zero.
type Options struct {
	// URL is imaps://host[:port] or imap://host[:port]. imap:// means STARTTLS, except to loopback, where it
	// means no TLS. ?tls=off: no TLS (loopback or AllowPlain only). ?tls=starttls: STARTTLS on loopback too.
	// ?tls=skip-verify: any certificate. ?tls=pin:HEX: the certificate whose SHA-256 this is.
	URL         string
	AllowPlain  bool          // passwords may travel without TLS
	PerAccount  int           // connections for one account; 0: 4
	PerHost     int           // connections in all; 0: 64
	Limits      pace.Limits   // how fast the host may be worked on; Limits.Connections goes before PerHost
	Timeout     time.Duration // longest silence in a command; 0: 2 min
	Silence     time.Duration // longest silence in what a client waits for, unless the host greets others; 0: 30 s, or Timeout
	DialTimeout time.Duration // longest wait for a connection and its TLS handshake; 0: 30 s
	IdleTimeout time.Duration // unused connections are closed after this; 0: 5 min
	RootCAs     *x509.CertPool
	SieveAddr   string       // host:port of ManageSieve; "": the host's port 4190
	Log         *slog.Logger // nil: silent
}

// staleAfter is how long a connection may rest before it is asked whether it still lives.
const staleAfter = 30 * time.Second

func (o Options) orDefaults() Options {
	if o.PerAccount <= 0 {
		o.PerAccount = 4
	}
	if o.PerHost <= 0 {
		o.PerHost = 64
	}
	if o.Limits.Connections > 0 {
		o.PerHost = o.Limits.Connections
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Silence <= 0 {
		o.Silence = min(30*time.Second, o.Timeout)
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = 30 * time.Second
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

type security int

const (
	implicitTLS security = iota
	startTLS
	startTLSUnlessLoopback
	plain
)

// target is a URL understood.
type target struct {
	addr     string
	security security
	tls      *tls.Config
}

// parseURL never quotes the URL in an error: people put passwords into them.
func parseURL(o Options) (target, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return target{}, errors.New("imap: the URL must look like imaps://host:port")
	}
	if u.User != nil {
		return target{}, errors.New("imap: the URL must not hold a user or password")
	}
	if (u.Path != "" && u.Path != "/") || u.Fragment != "" {
		return target{}, errors.New("imap: the URL must end after host and port")
	}
	var t target
	port := u.Port()
	switch strings.ToLower(u.Scheme) {
	case "imaps":
		t.security = implicitTLS
		port = or(port, "993")
	case "imap":
		t.security = startTLSUnlessLoopback
		port = or(port, "143")
	default:
		return target{}, fmt.Errorf("imap: scheme %q is neither imaps nor imap", u.Scheme)
	}
	t.addr = net.JoinHostPort(u.Hostname(), port)
	// Old servers are what people move away from: TLS 1.0 is better than none.
	t.tls = &tls.Config{ServerName: u.Hostname(), RootCAs: o.RootCAs, MinVersion: tls.VersionTLS10}
	for key, values := range u.Query() {
		if key != "tls" || len(values) != 1 {
			return target{}, fmt.Errorf("imap: unknown or repeated URL parameter %q", key)
		}
		if err := t.setTLS(values[0], u.Hostname(), o.AllowPlain); err != nil {
			return target{}, err
		}
	}
	return t, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (t *target) setTLS(how, host string, allowPlain bool) error {
	if t.security == startTLSUnlessLoopback {
		t.security = startTLS
	}
	pin, isPin := strings.CutPrefix(how, "pin:")
	switch {
	case how == "off":
		if t.security == implicitTLS {
			return errors.New("imap: imaps:// and tls=off contradict each other")
		}
		if !allowPlain && !isLoopbackName(host) {
			return errors.New("imap: tls=off is for loopback, or needs plain text to be allowed")
		}
		t.security = plain
	case how == "starttls":
		if t.security == implicitTLS {
			return errors.New("imap: imaps:// and tls=starttls contradict each other")
		}
	case how == "skip-verify":
		t.tls.InsecureSkipVerify = true
	case isPin:
		sum, err := hex.DecodeString(strings.ReplaceAll(pin, ":", ""))
		if err != nil || len(sum) != sha256.Size {
			return errors.New("imap: tls=pin: needs the 64 hex digits of the certificate's SHA-256")
		}
		t.tls.InsecureSkipVerify = true // the pin is the proof
		t.tls.VerifyConnection = func(cs tls.ConnectionState) error { return checkPin(cs, [sha256.Size]byte(sum)) }
	default:
		return errors.New("imap: tls must be off, starttls, skip-verify or pin:SHA256")
	}
	return nil
}

func checkPin(cs tls.ConnectionState, want [sha256.Size]byte) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	if got := sha256.Sum256(cs.PeerCertificates[0].Raw); got != want {
		return fmt.Errorf("the server's certificate has SHA-256 %x, not the pinned one", got)
	}
	return nil
}

func isLoopbackName(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

func isLoopbackAddr(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}
