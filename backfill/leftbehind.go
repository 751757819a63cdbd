package backfill

import (
	"context"
	"slices"
	"strings"

	"crossfade/store"
)

// Kinds of what does not move with a mailbox.
const (
	LeftRedirect = "redirect" // a filter forwards mail
	LeftVacation = "vacation" // a filter answers mail
	LeftSieve    = "sieve"    // other filters
	LeftShared   = "shared"   // somebody else may use a folder, or this user somebody else's
	LeftMetadata = "metadata" // annotations
	LeftRights   = "rights"   // the user's rights do not let a folder be read or written
	LeftUnseen   = "unseen"   // what could not be looked at
)

// LeftBehind is a Mail of a source that can tell what of the user's is there besides mail, and does not move. It changes
// nothing. What it is not let look at is told as LeftUnseen.
type LeftBehind interface {
	LeftBehind(ctx context.Context) ([]Leftover, error)
}

// Restricted is a Mail that can tell which of the user's own folders its rights (RFC 4314) do not let it read or, with write,
// write. They are told as LeftRights.
type Restricted interface {
	Restricted(ctx context.Context, write bool) ([]Leftover, error)
}

// Leftover is one thing that does not move: Kind is one of the above, Text is for the admin.
type Leftover = store.Leftover

// maxLeft and maxLeftText bound what is kept of one account.
const (
	maxLeft     = 40
	maxLeftText = 300
)

// boundedLeft keeps what a server tells within what is kept of an account.
func boundedLeft(found []Leftover) []Leftover {
	if len(found) > maxLeft {
		found = found[:maxLeft]
	}
	found = slices.Clone(found)
	for i := range found {
		if t := strings.ToValidUTF8(found[i].Text, "?"); len(t) > maxLeftText {
			found[i].Text = strings.ToValidUTF8(t[:maxLeftText], "") + " ..."
		} else {
			found[i].Text = t
		}
	}
	return found
}
