package backfill

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Inspector is a Driver that can tell how its server is reached. It is optional: it serves a look before the move,
// not the move.
type Inspector interface {
	Driver
	// Reach connects without logging in. It tells all that it saw, also when a step failed.
	Reach(ctx context.Context) Reached
}

// Reached is what a server shows to somebody who has not logged in.
type Reached struct {
	Addresses []string      // what its name stands for
	Took      time.Duration // for the TCP connection: about one round trip
	Security  string        // "TLS", "STARTTLS", "" for none
	TLS       *TLSSeen      // nil without TLS, or if it failed before a certificate was shown
	Greeting  string
	Caps      imap.CapSet // before login, under TLS where there is any
	Step      string      // the step that failed: "name", "connection", "TLS", "greeting"; "" if none did
	Err       error       // why
}

// TLSSeen is what a TLS handshake showed.
type TLSSeen struct {
	Version, Cipher string
	Certificate     *x509.Certificate
	Sum             string // SHA-256 of the certificate in hex, as ?tls=pin: wants it
	Distrust        error  // why this machine would not trust it for that host name; nil if it would
	Skipped, Pinned bool   // the URL says that it is not checked, or which one it must be
}

// Meter is a Mail that can tell more of its account than the move needs. It is optional, too.
type Meter interface {
	Mail
	// Server is what the server says of itself (ID, RFC 2971), "" if nothing.
	Server(ctx context.Context) (string, error)
	// Namespaces are the server's words for them (NAMESPACE, RFC 2342), "" if it has none.
	Namespaces(ctx context.Context) (string, error)
	// Quota lists the limits that hold for a mailbox (RFC 9208); none if the server has no such command.
	Quota(ctx context.Context, box string) ([]Quota, error)
	// AppendLimit is the size of the largest message that the server says it takes (RFC 7889); 0 if it does not say.
	AppendLimit(ctx context.Context, box string) (int64, error)
	// Connections opens logged-in connections, one after another, until there are n of this account or the server
	// lets no more in; then it closes those it opened. It returns how many there were at once, and why not n.
	Connections(ctx context.Context, n int) (int, error)
}

// Quota is one limit of an account: Resource is "STORAGE" (bytes here), "MESSAGE" or a word of the server's.
type Quota struct {
	Root, Resource string
	Used, Limit    int64
}
