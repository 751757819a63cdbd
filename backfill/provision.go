package backfill

import (
	"context"
	"errors"
	"time"

	"crossfade/mapping"
)

// Provisioner is a destination that can make mailboxes and set their passwords: an administrator's API. The Destination
// driver may implement it.
type Provisioner interface {
	// Mailbox tells what is known of a mailbox by its login (an address); ErrNoMailbox if there is none. An alias or a list
	// is an *Error with Scope AccountScope and Code "ALIAS", with its words in Text.
	Mailbox(ctx context.Context, login string) (MailboxInfo, error)
	// Create makes a mailbox. Errors are *Error with Scope AccountScope and Code "INUSE" (the name is taken), "POLICY" (the
	// password is refused by policy), "LIMIT" (no more users) or "CANNOT" (a bad name, no such domain): it was not made then.
	// After any other error it may have been. Scope is HostScope when the API cannot be reached, or its own login fails.
	Create(ctx context.Context, m NewMailbox) error
	// SetPassword replaces the password and nothing else (read-modify-write). Errors are as Create's.
	SetPassword(ctx context.Context, login, secret string) error
}

// MailboxInfo is what a Provisioner knows of a mailbox.
type MailboxInfo struct {
	Login                                string // the address, as the server spells it
	Disabled, TwoFactor, PasswordExpired bool
	Language                             string // BCP 47 tag; "" if it is not known
}

// NewMailbox is a mailbox to be made.
type NewMailbox struct {
	Login    string // address
	Secret   string // the password
	FullName string // "": not known
	Language string // BCP 47 tag of its default folders' names; "": the server's
	Bytes    int64  // most of its mail; 0: the server's limit
}

// Codes of a Provisioner's errors.
const (
	CodeAlias  = "ALIAS"
	CodeInUse  = "INUSE"
	CodePolicy = "POLICY"
	CodeLimit  = "LIMIT"
	CodeCannot = "CANNOT"
)

// ErrNoMailbox: the destination has no mailbox of this name.
var ErrNoMailbox = errors.New("there is no such mailbox on the destination")

// AutoCleaner is a Writer that knows which of its folders the server empties by age or size on its own.
type AutoCleaner interface {
	AutoCleaned(ctx context.Context) ([]CleanRule, error)
}

// CleanRule is one folder that a server empties on its own.
type CleanRule struct {
	Folder    string // raw name
	Role      mapping.Role
	OlderThan time.Duration // 0: by size
	Text      string        // the rule in words for the admin
}
