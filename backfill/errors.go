package backfill

import (
	"errors"
	"fmt"

	"crossfade/internal/durable"
)

// Scope says how much an error stops: a bad item stops no folder, a bad folder no account, a bad account no host.
type Scope int

// Scopes from the smallest to the largest.
const (
	Item Scope = iota + 1
	FolderScope
	AccountScope
	HostScope
)

// Patience says whether trying again can help.
type Patience int

// Now: at once, on a new connection. Later: after a pause. Never: not without a person.
const (
	Now Patience = iota + 1
	Later
	Never
)

// Error is every error that leaves a driver. Text holds the server's own words; it never holds a secret.
type Error struct {
	Op       string // "APPEND", "login", "dial"
	Host     string
	Scope    Scope
	Patience Patience
	Code     string // response code in upper case: "TRYCREATE", "OVERQUOTA"; "" if none
	Text     string // the server's words
	UID      uint32 // the message, with Scope Item; 0 if not known
	Err      error  // the cause, if the server said nothing
}

func (e *Error) Error() string {
	s := e.Host + ": " + e.Op
	if e.Code != "" {
		s += " [" + e.Code + "]"
	}
	if e.UID != 0 {
		s += fmt.Sprintf(" (UID %d)", e.UID)
	}
	if e.Text != "" {
		s += fmt.Sprintf(": %q", e.Text)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errors that callers look for with errors.Is.
var (
	// ErrUIDValidity: the mailbox has another UIDVALIDITY than the caller knows.
	ErrUIDValidity = errors.New("UIDVALIDITY changed")
	// ErrRemade: the mailbox has the UIDVALIDITY that the caller knows, and other messages under the same numbers. It is an
	// ErrUIDValidity.
	ErrRemade = fmt.Errorf("%w, though the server does not say so: other messages have the numbers that are known", ErrUIDValidity)
	// ErrNotOffered: the server does not offer what was asked for.
	ErrNotOffered = errors.New("the server does not offer this")
	// ErrNoFolder: there is no such mailbox.
	ErrNoFolder = errors.New("no such mailbox")
	// ErrUncertain: the connection ended before the server's answer, so what was sent may have been done.
	ErrUncertain = errors.New("the connection ended before the server's answer")
	// ErrUnavailable: a side that is needed is down; the proxy answers NO [UNAVAILABLE] (RFC 5530).
	ErrUnavailable = errors.New("a server that is needed does not answer")
)

// IsFull tells whether the cause is that the proxy's own disk is full. Nothing is written then; what can be answered
// without that is.
func IsFull(err error) bool { return durable.IsFull(err) }

// IsUnavailable tells whether the cause is a server that is down, as opposed to one that said no, or a disk that is
// full: both pass.
func IsUnavailable(err error) bool {
	if errors.Is(err, ErrUnavailable) || IsFull(err) {
		return true
	}
	var e *Error
	return errors.As(err, &e) && e.Scope == HostScope
}

// Refusal is something Crossfade itself declines, with the reason and what to do about it, in words for the
// user's mail client.
type Refusal struct {
	Code string // RFC 5530 response code: "CANNOT", "ALREADYEXISTS", "LIMIT"; "" if none
	Text string
}

func (r *Refusal) Error() string { return r.Text }
