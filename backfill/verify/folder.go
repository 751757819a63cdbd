package verify

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// Account is what is compared of one account.
type Account struct {
	Folders []Folder
	AtOnce  int                        // how many of them at the same time
	Keep    func(store.Verified) error // makes the end of a full comparison durable
	Log     *slog.Logger
}

// Folder is one folder that is compared: what the state knows of it, and where its two sides are.
type Folder interface {
	// Size is about how many messages it has.
	Size() int
	Head() Head
	// Open makes its links available until Close.
	Open() error
	Close()
	// Links calls each for every link, ascending by UID. The folder is locked meanwhile: each must not wait for anything,
	// and may not keep the link.
	Links(each func(Link))
	// Refused lists the messages that the destination refused, with their UIDs as links bear them; whole is what it said if
	// it refuses the folder.
	Refused() (list []Refused, whole string, err error)
}

// Head is what is known of a folder as a whole.
type Head struct {
	Account    string
	Path       string // decoded, for people
	Name       string // raw, on the destination
	Problem    string // why the folder does not go on, if it does not
	Reappended int
	Sources    []Side // by the numbers that links have for them
	Dest       Side
	// Doubt tells whether so many messages that are missing on the source of so many are not believed.
	Doubt func(missing, of int) bool
}

// Side is where one server's folder is read.
type Side struct {
	Name     string // raw
	Expect   int    // about how many messages it has
	Borrowed bool   // only single messages of it are linked here
	Gone     bool   // there is no such folder any more
	Open     func(ctx context.Context) (Box, error)
}

// own tells whether a source folder is one of the folder's own, and there.
func (s *Side) own() bool { return !s.Borrowed && !s.Gone }

// borrowed tells whether a source folder is one of which only single messages are linked here.
func (h *Head) borrowed(b uint16) bool { return int(b) < len(h.Sources) && h.Sources[b].Borrowed }

// Box is one server's folder.
type Box interface {
	// List lists the messages in ascending order, with flags, size, date and Message-ID if details are wanted; only nil
	// means all of them.
	List(ctx context.Context, only imap.UIDSet, details bool, each func(Entry) error) (State, error)
	// Read reads messages, at the pace that the server bears. What the server does not give for a reason that concerns
	// one message is left out. After a cut it asks again for what has not come.
	Read(ctx context.Context, uids imap.UIDSet, each func(*Message) error) error
	// Headers reads header blocks, or as much of them as has the Message-ID.
	Headers(ctx context.Context, uids imap.UIDSet, each func(uid uint32, header []byte)) error
}

// State is what a server says of a folder.
type State struct {
	Exists uint32
	Holds  func(mapping.Flags) mapping.Flags // what the folder can hold of some flags
}

// Entry is one listed message.
type Entry struct {
	UID   uint32
	Flags mapping.Flags
	Size  int64
	Date  time.Time
	MsgID mapping.MessageID
}

// Message is one whole message.
type Message struct {
	UID   uint32
	Flags mapping.Flags
	Date  time.Time
	Size  int64 // bytes in Body
	Body  io.Reader
}

// Link is a link with the flags that it stands for.
type Link struct {
	*store.Link
	Told                bool          // clients know its UID
	Version             uint64        // grows when its flags change
	Shown, Before, Sent mapping.Flags // its Flags, Base and Sent
}

// kept is the link for later.
func (l Link) kept() Link {
	c := *l.Link
	l.Link = &c
	return l
}
