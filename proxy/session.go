package proxy

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

// Session is one logged-in client of one account: what the front doors ask of the engine. Names are raw, as a
// client sends them (modified UTF-7, the destination's separator), already unquoted.
//
// Errors: backfill.ErrNoFolder, backfill.ErrSwitched, backfill.ErrUnavailable (and host errors: backfill.IsUnavailable), *backfill.Error
// with the server's own Code and Text, *backfill.Refusal for what Crossfade itself declines.
type Session interface {
	Account() string // canonical name, for logs and limits
	Separator() string
	List(ctx context.Context) ([]backfill.ListEntry, error)
	// Aliases lists the tree in the old server's spelling, if these patterns, which begin with the reference, ask for it.
	// List comes first.
	Aliases(ctx context.Context, reference string, patterns []string) (backfill.AliasTree, error)
	Open(ctx context.Context, name string, readOnly bool) (Mailbox, error)
	// Status tells the numbers of a folder that is not selected; its Size only if that is asked for.
	Status(ctx context.Context, name string, size bool) (backfill.Status, error)
	Create(ctx context.Context, name string) error
	// CreateUse is Create with special uses (RFC 6154 3); a *backfill.Refusal with Code USEATTR if they cannot be had.
	CreateUse(ctx context.Context, name string, use []string) error
	Delete(ctx context.Context, name string) error
	Rename(ctx context.Context, name, to string) error
	Subscribe(ctx context.Context, name string, on bool) error
	// Quotas are the limits that hold for a folder, none if there are none.
	Quotas(ctx context.Context, name string) ([]backfill.Quota, error)
	// Append adds messages, all or none, and returns their shown UIDs.
	Append(ctx context.Context, name string, items []backfill.AppendItem) (uidValidity uint32, uids []uint32, err error)
	// Pipe hands over the destination's own connection if the account is spliced: the client is to be connected with it
	// and nothing else of the session is used but Account and Close. The caller closes it. Nil: the account is served here.
	Pipe() *backfill.Pipe
	Close() error
}

// Mailbox is one selected folder. All UIDs are shown ones; UID slices ascend.
type Mailbox interface {
	Name() string
	ReadOnly() bool
	Status() backfill.Status
	// Flags are the flags in use and those a client may change; anyKeyword tells of \*.
	Flags() (flags, permanent mapping.Flags, anyKeyword bool)
	// Changes is what happened since version (0: everything). Costs nothing when nothing happened.
	Changes(since uint64) backfill.Changes
	// Changed returns a channel that is closed at the first change after version since.
	Changed(since uint64) <-chan struct{}
	// Recent is the first UID that no session was told of. The messages up to upTo are the caller's own from then on, and
	// \Recent for it alone (RFC 3501 2.3.2), unless the mailbox is open for reading only.
	Recent(upTo uint32) (from uint32)
	// Life ends when the folder is shown under other numbers: whoever has it selected must be sent away. Commands then
	// fail with backfill.ErrSwitched, and Changes says Switched.
	Life() context.Context
	// Refresh looks at both servers now, at most every second or so.
	Refresh(ctx context.Context) error
	// Items tells what the state knows; UIDs that are gone are left out.
	Items(uids []uint32) []backfill.ItemState
	// Fetch passes answers through from the servers, grouped by side; RawItem.UID is the shown UID. each is
	// called by one goroutine at a time, and its error is returned. Messages that are gone are left out, and
	// then the error is a *backfill.Refusal with Code EXPUNGEISSUED after all others have been answered.
	Fetch(ctx context.Context, uids []uint32, items []string, each func(*backfill.RawItem) error) error
	// Search asks the servers about one key that the state cannot answer and returns the matching shown UIDs.
	Search(ctx context.Context, key backfill.SearchKey) (imap.UIDSet, error)
	Store(ctx context.Context, uids []uint32, op backfill.FlagOp, flags mapping.Flags) error
	Expunge(ctx context.Context, uids []uint32) error
	Copy(ctx context.Context, uids []uint32, to string) (backfill.CopyResult, error)
	Move(ctx context.Context, uids []uint32, to string) (backfill.CopyResult, error)
	Close()
}

// Login opens a session. The secret is never logged. A refusal by either server is a *backfill.Error with
// Code AUTHENTICATIONFAILED.
type Login func(ctx context.Context, user, secret string) (Session, error)
