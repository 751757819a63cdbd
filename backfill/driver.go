package backfill

import (
	"context"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
)

// Driver is the code for one kind of server, already told which host to talk to.
type Driver interface {
	// Host names the server for logs, limits and account keys ("mail.example.com:993").
	Host() string
	// Login proves the credentials and returns the account. A refusal by the server is an *Error with
	// Scope Account and Code "AUTHENTICATIONFAILED"; a server that cannot be reached has Scope Host. What is returned can be
	// compared with ==: as a rule it is a pointer.
	Login(ctx context.Context, user, secret string) (Mail, error)
}

// Mail is one account on one server: the reading half, which every source and destination has.
//
// Every method takes the mailbox's raw name as LIST gave it and is safe for concurrent use; the driver keeps
// the connections. A method that names a UIDVALIDITY answers ErrUIDValidity when the mailbox has another one
// now. Methods never change anything on the server: EXAMINE and BODY.PEEK only (RFC 3501 6.3.2).
type Mail interface {
	Features() Features
	// Folders lists every mailbox, or fails: it never returns a part.
	Folders(ctx context.Context) ([]Folder, error)
	// Examine reads a mailbox's present state with a fresh EXAMINE or STATUS.
	Examine(ctx context.Context, box string) (BoxState, error)
	// Poll asks cheaply what is new since the driver last told about this mailbox (NOOP on a connection that
	// has it selected; else EXAMINE compared with prev).
	Poll(ctx context.Context, box string, prev BoxState) (News, error)
	// Scan lists messages in ascending UID order and returns the state at its end. It fails unless the
	// server said OK and every answer could be read.
	Scan(ctx context.Context, box string, what Scan, each func(Entry) error) (BoxState, error)
	// FetchRaw passes FETCH answers on as bytes; see RawFetch.
	FetchRaw(ctx context.Context, box string, want RawFetch, each func(*RawItem) error) error
	// Read reads whole messages (BODY.PEEK[]) in ascending UID order with their flags and dates. UIDs that
	// do not exist any more are skipped. Body must be read, or is drained, before the next.
	Read(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, each func(*Message) error) error
	// Search sends one search key to the server and returns the matching UIDs. key is raw command text, its
	// literals apart.
	Search(ctx context.Context, box string, uidValidity uint32, key SearchKey) (imap.UIDSet, error)
	Close() error
}

// Listener is a Mail that can tell of news in a mailbox as they come.
type Listener interface {
	// Listen calls news once it listens, and whenever the server tells something new about the mailbox. It returns
	// when ctx ends or the connection does; with ErrNotOffered where the server cannot or no connection can be spared.
	Listen(ctx context.Context, box string, news func()) error
}

// Glancer is a Mail that can tell how many mailboxes are without opening them.
type Glancer interface {
	// Glance asks for UIDVALIDITY, UIDNEXT, the number of messages and, with CONDSTORE, the highest mod-sequence, and
	// returns them by name. What the server did not tell of is left out. Some servers tell what was true a while ago.
	Glance(ctx context.Context, boxes []string) (map[string]BoxState, error)
}

// Writer is the half that only a destination needs.
type Writer interface {
	Mail
	// Append adds messages in order. It returns what is known of each message that was tried, in order,
	// also beside an error: len(results) <= len(items). With MULTIAPPEND it is all or nothing for a group.
	// Before a message's first byte is sent its Body is at hand, so a slow reader never cuts an APPEND.
	Append(ctx context.Context, box string, items []AppendItem) ([]AppendResult, error)
	// Store changes flags and returns the flags that each message has afterwards.
	Store(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, op FlagOp, flags mapping.Flags) (map[uint32]mapping.Flags, error)
	// Expunge removes exactly these messages: UID EXPUNGE, or without UIDPLUS the careful way that gives
	// other messages their \Deleted back (RFC 4315 2.1).
	Expunge(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet) error
	// Copy copies messages to another mailbox of this account and returns the new UIDs by old UID
	// (COPYUID). Learned is false when the server did not tell them.
	Copy(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, to string) (Copied, error)
	// Move is MOVE (RFC 6851) when the server has it; else ErrNotOffered, never a made-up one.
	Move(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, to string) (Copied, error)
	Create(ctx context.Context, box string) error
	Delete(ctx context.Context, box string) error
	Rename(ctx context.Context, box, to string) error
	Subscribe(ctx context.Context, box string, on bool) error
	// Name encodes a path as this server spells it (separator, modified UTF-7, INBOX).
	Name(path mapping.Path) string
	// Path decodes a name as clients send it, however badly encoded; Name of it is the name spelled properly.
	Path(name string) mapping.Path
}

// Features says what the server offers. Asked, never assumed.
type Features struct {
	Caps      imap.CapSet
	Separator string // hierarchy separator; "" when the server has no hierarchy
	Prefix    string // personal namespace prefix, e.g. "INBOX." (RFC 2342); "" if none
	// Foreign are the prefixes of other users' and of shared mailboxes (RFC 2342), as the server spells them.
	Foreign []string
}

// Folder is one mailbox of a server's tree.
type Folder struct {
	Name       string       // raw, as the server spells it: the handle for all calls
	Path       mapping.Path // decoded segments, separator removed, prefix kept
	Attrs      []string     // as sent: \Noselect, \HasChildren, \Sent ... (LIST, XLIST and SPECIAL-USE merged)
	Separator  string
	Subscribed bool
}

// BoxState is what EXAMINE tells (RFC 3501 6.3.1). Zero fields were not told.
type BoxState struct {
	UIDValidity   uint32
	UIDNext       uint32
	Exists        uint32
	HighestModSeq uint64        // 0 without CONDSTORE
	Permanent     mapping.Flags // PERMANENTFLAGS; AnyKeyword tells of \*
	AnyKeyword    bool
}

// News is a hint that a mailbox should be scanned. UIDValidityDiffers says that it is not the mailbox it was: its
// UIDVALIDITY is another, or its UIDNEXT went back.
type News struct {
	State              BoxState // UIDNext may lag behind Exists
	New, Gone, Flags   bool
	UIDValidityDiffers bool
}

// Scan says what to list.
type Scan struct {
	UIDValidity  uint32      // 0: any
	UIDs         imap.UIDSet // nil: all
	Flags        bool
	Details      bool   // RFC822.SIZE, INTERNALDATE and Message-ID
	Sizes        bool   // RFC822.SIZE alone: many servers know it without opening the messages
	ChangedSince uint64 // with CONDSTORE: only what changed since; needs Flags
	// Vanished, with ChangedSince, is told of ranges of UIDs that the server says were deleted since, if it can tell (RFC
	// 7162). Some of them may never have been; what is not told may be gone all the same.
	Vanished func(from, to uint32)
}

// Entry is one listed message. What was not asked for is zero.
type Entry struct {
	UID   uint32
	Flags mapping.Flags // never \Recent
	Size  int64
	Date  time.Time // INTERNALDATE with the zone the server gave
	MsgID mapping.MessageID
}

// RawFetch asks for attributes to be passed through untouched. Items are FETCH attribute names as a client
// wrote them, already made harmless (BODY.PEEK, never BODY).
type RawFetch struct {
	UIDValidity uint32
	UIDs        imap.UIDSet
	Items       []string
}

// RawItem is one FETCH answer with at least one of the asked attributes. Next yields the attributes in the
// order they came, without UID, FLAGS, MODSEQ and what was not asked for; io.EOF ends the item.
type RawItem struct {
	UID  uint32
	Next func() (RawAtt, error)
}

// RawAtt is one attribute. Value is the raw text after the name when there is no large literal; it may hold
// literals in their wire form ({n}CRLF bytes). Literal, when not nil, streams the one literal that is the
// whole value; it must be read before Next is called again, and a cut is io.ErrUnexpectedEOF.
type RawAtt struct {
	Name    string // as the server spelled it: "BODY[HEADER.FIELDS (FROM)]<0>"
	Value   []byte
	Literal io.Reader
	Size    int64
}

// Message is one whole message read from a server.
type Message struct {
	UID   uint32
	Flags mapping.Flags
	Date  time.Time
	Size  int64 // bytes in Body
	Body  io.Reader
}

// SearchKey is a search key as command text. Each literal follows the text part of the same index.
type SearchKey struct {
	Charset  string
	Text     []string
	Literals [][]byte
}

// AppendItem is one message to add. Body must give exactly Size bytes; Open is called once for each try. A body that
// is in memory may have a method Bytes() []byte besides; what it returns must not change before Append returns.
type AppendItem struct {
	Flags mapping.Flags
	Date  time.Time
	Size  int64
	Open  func() (io.ReadCloser, error)
	// Binary sends the message as a literal8 (RFC 3516), which may hold NUL; the server must offer BINARY.
	Binary bool
}

// AppendResult tells how one APPEND ended. UID is 0 when the server did not tell (no UIDPLUS).
type AppendResult struct {
	UIDValidity uint32
	UID         uint32
	Err         error // refused: Scope Item; the others go on
}

// Copied maps source UIDs to the copies' UIDs in the target mailbox.
type Copied struct {
	UIDValidity uint32
	UIDs        map[uint32]uint32
	Learned     bool
}

// FlagOp is the kind of STORE (RFC 3501 6.4.6).
type FlagOp int

// The three kinds of STORE.
const (
	FlagsSet FlagOp = iota
	FlagsAdd
	FlagsRemove
)
