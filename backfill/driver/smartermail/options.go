package smartermail

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options of a driver. URL, User and Secret are needed.
type Options struct {
	// URL is https://host[:port], or http:// to loopback (or where AllowPlain says so). The API is below it at /api/v1/.
	// ?tls=skip-verify takes any certificate, ?tls=pin:HEX the one whose SHA-256 this is.
	URL string
	// User is a system administrator, or an administrator of the one domain that moves; Secret is the password.
	User, Secret string
	// Language of mailboxes that are made, a BCP 47 tag; "": what the caller says.
	Language string
	// Bytes that a new mailbox may hold where the caller says nothing; 0: what the domain's settings say.
	Bytes      int64
	AllowPlain bool
	Timeout    time.Duration // for one exchange; 0: 30 s
	RootCAs    *x509.CertPool
	Log        *slog.Logger // nil: silent
}

func (o Options) orDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// parseURL returns the API's base and how it is reached. It never quotes the URL: people put passwords into them.
func parseURL(o Options) (base string, conf *tls.Config, err error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Fragment != "":
		return "", nil, errors.New("smartermail: the URL must look like https://host:port")
	case u.User != nil:
		return "", nil, errors.New("smartermail: the URL must not hold a user or password")
	case u.Scheme != "https" && u.Scheme != "http":
		return "", nil, fmt.Errorf("smartermail: scheme %q is neither https nor http", u.Scheme)
	case u.Scheme == "http" && !o.AllowPlain && !loopback(u.Hostname()):
		return "", nil, errors.New("smartermail: http:// is for loopback, or needs plain text to be allowed")
	}
	conf = &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
	for key, values := range u.Query() {
		if key != "tls" || len(values) != 1 || u.Scheme == "http" {
			return "", nil, fmt.Errorf("smartermail: unknown or repeated URL parameter %q", key)
		}
		if err := setTLS(conf, values[0]); err != nil {
			return "", nil, err
		}
	}
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(strings.TrimSuffix(u.EscapedPath(), "/"), "/api/v1") + "/api/v1/", conf, nil
}

func setTLS(conf *tls.Config, how string) error {
	pin, isPin := strings.CutPrefix(how, "pin:")
	switch {
	case how == "skip-verify":
		conf.InsecureSkipVerify = true
	case isPin:
		sum, err := hex.DecodeString(strings.ReplaceAll(pin, ":", ""))
		if err != nil || len(sum) != sha256.Size {
			return errors.New("smartermail: tls=pin: needs the 64 hex digits of the certificate's SHA-256")
		}
		conf.InsecureSkipVerify = true // the pin is the proof
		conf.VerifyConnection = func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) == 0 || sha256.Sum256(cs.PeerCertificates[0].Raw) != [sha256.Size]byte(sum) {
				return errors.New("the server's certificate is not the pinned one")
			}
			return nil
		}
	default:
		return errors.New("smartermail: tls must be skip-verify or pin:SHA256")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// transport is for one host, which is not asked for more than a few things at once. Redirects are not followed: they would
// carry the token elsewhere.
func transport(conf *tls.Config, o Options) *http.Client {
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: conf, MaxConnsPerHost: 8, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
			TLSHandshakeTimeout: o.Timeout, ForceAttemptHTTP2: true, DialContext: (&net.Dialer{Timeout: o.Timeout}).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
