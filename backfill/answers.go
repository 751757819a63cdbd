package backfill

import (
	"time"

	"crossfade/mapping"
)

// ListEntry is one folder of the tree that clients see: the destination's, with the source's blended in.
type ListEntry struct {
	Name        string   // raw: modified UTF-7, destination's separator
	Attrs       []string // \HasChildren, \Noselect, \Sent ...
	Subscribed  bool
	NonExistent bool // only a parent of others, or only subscribed
}

// Status is the answer to STATUS and the head of SELECT, in shown numbers.
type Status struct {
	UIDValidity, UIDNext      uint32
	Messages, Unseen, Deleted uint32
	Recent                    uint32 // messages that no session was told of
	Size                      int64
	FirstUnseen               uint32 // its sequence number, 0 if none
}

// ItemState is what the state knows of one message, no server asked.
type ItemState struct {
	UID     uint32 // shown
	Flags   mapping.Flags
	Size    int64     // -1 if not yet known
	Date    time.Time // zero if not yet known; the zone is the server's
	Version uint64    // version of the folder at which this item last changed
}

// Changes is the difference between a view and the folder as it is now. A view keeps Version and asks again;
// bursts merge by themselves and no wake-up can be lost.
type Changes struct {
	Version uint64
	UIDs    []uint32    // all shown UIDs, ascending; shared and immutable: never write to it
	Same    bool        // the UIDs are the very ones of the version asked from
	Flags   []ItemState // messages whose flags changed since
	// Switched: the folder is shown under other numbers now, and this is as it was: it has to be opened again.
	Switched bool
}

// CopyResult carries COPYUID (RFC 4315 3): From[i] became To[i], both in shown UIDs.
type CopyResult struct {
	UIDValidity uint32
	From, To    []uint32
}
