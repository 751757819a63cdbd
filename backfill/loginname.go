package backfill

import (
	"context"
	"fmt"
)

// LoginIdentity is who a login name is on both sides.
type LoginIdentity struct {
	Source      string // name of the source; "": the only one, or the first
	SourceLogin string
	DestLogin   string
	// Also are further names that mean the same mailbox: an account may be known under one of them.
	Also []string
}

// LoginMode says which server decides about a login.
type LoginMode int

// The login modes.
const (
	// Same: both must accept the same password.
	Same LoginMode = iota
	// Capture: the source decides, and a mailbox that the destination does not have is made with that password.
	Capture
	// DestinationFirst: the destination decides; the source is opened with configured credentials.
	DestinationFirst
)

// Credentials open a mailbox on one server.
type Credentials struct {
	User   string
	As     string // SASL authorization identity (RFC 4616): whose mailbox it is; "": User's own
	Secret string
}

// ActsFor is a Driver that can open one user's mailbox with the credentials of another.
type ActsFor interface {
	// LoginAs is Login with an authorization identity. ErrNotOffered if the server does not take one.
	LoginAs(ctx context.Context, c Credentials) (Mail, error)
}

// LoginWith logs in on a server with whatever credentials there are.
func LoginWith(ctx context.Context, d Driver, c Credentials) (Mail, error) {
	if c.As == "" {
		return d.Login(ctx, c.User, c.Secret)
	}
	if by, ok := d.(ActsFor); ok {
		return by.LoginAs(ctx, c)
	}
	return nil, &Error{Op: "login", Host: d.Host(), Scope: AccountScope, Patience: Never, Code: "CANNOT",
		Err: fmt.Errorf("with an authorization identity: %w", ErrNotOffered)}
}
