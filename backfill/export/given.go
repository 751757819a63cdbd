package export

import (
	"context"
	"io"
	"time"

	"crossfade/backfill/spool"
	"crossfade/backfill/verify"
	"crossfade/mapping"
	"crossfade/store"
)

// Account is what an export is of.
type Account interface {
	// Folders are all folders, as they are now.
	Folders() []Folder
	// Spool reads a message whole, so that it is handed over only if all of it came.
	Spool(ctx context.Context, size int64, body io.Reader) (*spool.Message, error)
}

// Folder is one folder: what the state knows of it, and where its two sides are.
type Folder interface {
	ID() store.FolderID
	Named() Named
	Record() store.Folder
	// Exists tells whether the destination has it.
	Exists() bool
	// Look looks at both sides, so that what is new is linked. Where the source does not answer, what is known of it has
	// to do.
	Look(ctx context.Context) error
	// SeenBelow is when the source's folder was last seen whole; zero: not yet.
	SeenBelow() time.Time
	// Doubted are its source folders, raw, that may not have what they had.
	Doubted() []string
	// Open makes the links available until Close.
	Open() error
	Close()
	// Links are copies of those that keep wants. The folder is locked meanwhile: keep must not wait for anything.
	Links(keep func(*store.Link) bool) []store.Link
	// Flags are those that a link's set stands for.
	Flags(store.FlagSet) mapping.Flags
	Destination(ctx context.Context) (verify.Box, error)
	// Source is the source folder that links have this number for.
	Source(ctx context.Context, box uint16) (verify.Box, error)
}
