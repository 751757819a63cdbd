package export

import (
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// Options say what is exported of one account.
type Options struct {
	Account string
	Since   time.Time // what came later; zero: everything
	// Have are the destination's messages, by folder, whose bytes are not needed: an earlier export has them.
	Have map[store.FolderID]Have
}

// Have names messages of the destination's folder.
type Have struct {
	UIDValidity uint32      `json:"uidvalidity"`
	UIDs        imap.UIDSet `json:"uids"`
}

// Named is a folder under the names that both servers have for it, or would have.
type Named struct {
	ID          store.FolderID `json:"id"`
	Name        string         `json:"name"`             // the destination's, raw
	Source      string         `json:"source,omitempty"` // the source's, raw; "": it has no such folder
	Target      string         `json:"target"`           // the same, or the name that the source would give it
	Path        mapping.Path   `json:"path"`             // decoded, as the source has it or would have it
	UIDValidity uint32         `json:"uidvalidity"`      // the destination's
}

// Message is a message that only the destination has.
type Message struct {
	UID   uint32        `json:"uid"` // the destination's
	Date  time.Time     `json:"date"`
	Flags mapping.Flags `json:"flags"`
	Size  int64         `json:"size"`
	// Lost: it was copied from the source, which does not have it any more.
	Lost   bool   `json:"source_gone,omitempty"`
	Had    bool   `json:"had,omitempty"`     // an earlier export has its bytes
	NoFile string `json:"no_file,omitempty"` // why its bytes cannot be had
}

// Counts are what an export came to.
type Counts struct {
	Messages int `json:"messages"`          // only on the destination
	Had      int `json:"had,omitempty"`     // of these, exported before
	Failed   int `json:"failed,omitempty"`  // of these, not to be had
	Earlier  int `json:"earlier,omitempty"` // only on the destination, but from before the time asked for: not exported
	// What changed on messages that both sides have, and the source does not know.
	Flags   int `json:"flags_changed"`
	Moved   int `json:"moved"`
	Copied  int `json:"copied"`
	Deleted int `json:"deleted"`
}

// Receiver takes what an export finds. Any error that it returns ends the export.
type Receiver interface {
	Folder(Named) error
	// Message is a message of the folder that was told last. body is nil if it was had, or cannot be had.
	Message(m Message, body io.Reader) error
	Change(Change) error
	// Failed is a folder that could not be looked at.
	Failed(folder string, err error) error
}
