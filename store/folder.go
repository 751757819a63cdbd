package store

import (
	"slices"
	"time"

	"crossfade/mapping"
)

// FolderID numbers a folder within its account. It is never given out twice, so a folder that is deleted and
// created again under the same name is another folder.
type FolderID uint32

// Folder is one folder as clients see it, with what is known of it on both sides.
type Folder struct {
	ID      FolderID
	Account AccountID
	Kind    string       // "mail"; others (calendars, address books) share the record
	Name    string       // the destination's raw name, byte by byte
	Path    mapping.Path // the same, decoded
	Role    string       // special use, "" if none
	// Sources are the source folders blended into this one. A link names one by its index: entries are never
	// moved or removed, only marked Gone.
	Sources []SourceBox

	DestUIDValidity uint32
	DestUIDNext     uint32 // every destination UID below it is accounted for by a link, or is known to be gone
	DestModSeq      uint64
	// Landmarks are what the destination told of a few of its messages, under DestUIDValidity.
	Landmarks []Landmark `json:",omitempty"`
	// Arrivals tells by when the destination's messages had come: at most one entry a day, the oldest first. They speak of
	// the folder as it is, under DestUIDValidity.
	Arrivals []Arrival `json:",omitempty"`

	Identity Identity
	// PastUIDValidities are the values once shown under this folder's names or had by its sources; the
	// destination's must be none of them when the folder settles.
	PastUIDValidities []uint32
	// ShownAbove are those of the destination's under which this folder, and no other of its names, was shown by the numbers
	// that its messages have there: it may be shown so again.
	ShownAbove []uint32 `json:",omitempty"`
	// First numbers the record that the folder had before it settled for the first time; 0: this one.
	First FolderID `json:",omitempty"`
	// PastNames are raw names this folder had before a RENAME.
	PastNames []string
	// RenameTo is the path that the destination's folder is about to get, because its source was renamed.
	RenameTo mapping.Path `json:",omitempty"`
	// Deleting says that a client's DELETE of the folder is under way: it is carried through after a crash.
	Deleting bool `json:",omitempty"`
	// Deleted is when a client deleted the folder; zero: it is there. All that its sources had then is whited out, and
	// nothing of it is shown until one of them has new mail.
	Deleted time.Time `json:",omitzero"`

	State      string    // of the engine's choosing: "blended", "settled" ...
	Problem    string    // what keeps it from settling, for the admin; "" if nothing
	Epoch      uint64    // grows when the folder switches; an older view is stale
	Reappended int       `json:",omitempty"` // messages appended again though an earlier try may have arrived and gone
	Subscribed bool      // the source's subscription was carried over
	LastClient time.Time // last time a client had it open
	Settled    time.Time
	// Complete is since when nothing of it was seen to be left to do; zero while something is, and once it has settled.
	Complete time.Time `json:",omitzero"`
	// SettleOrdered and SettleStopped are an admin's words: it settles as soon as it can, or not at all.
	SettleOrdered bool `json:",omitempty"`
	SettleStopped bool `json:",omitempty"`
	// Burnt: destination UIDs below it were used up, because clients may know them from the source.
	Burnt uint32 `json:",omitempty"`
	// Draft numbers the folder that is to take this one's place, while its links are written.
	Draft  FolderID `json:",omitempty"`
	Paused bool     `json:",omitempty"` // the copying rests, by an admin's command, or for what PausedFor says
	// PausedFor: the destination would delete what is copied there, by this rule of its own. CleanLet: the admin said that it
	// is copied all the same.
	PausedFor string `json:",omitempty"`
	CleanLet  bool   `json:",omitempty"`
	Priority  int    `json:",omitempty"` // which of the account's folders goes first, by an admin's command
}

// SourceBox is one source folder and how far it has been read.
type SourceBox struct {
	Name        string // the source's raw name, byte by byte
	Path        mapping.Path
	UIDValidity uint32
	UIDNext     uint32 // every source UID below it is listed
	ModSeq      uint64
	Exists      uint32 // messages at the last complete listing
	// First is UIDNEXT behind the first listing: what has this UID or a higher one came while we watched. 0: not known.
	First    uint32 `json:",omitempty"`
	Borrowed bool   // only single messages of it are linked here, copied or moved by clients before they were copied up
	Gone     bool   // it is not on the source any more
}

// Listed tells whether the source folder was listed. Some servers have no UIDVALIDITY.
func (b *SourceBox) Listed() bool { return b.UIDValidity != 0 || b.UIDNext != 0 }

// Arrival says that what has this destination UID or a higher one came after a time.
type Arrival struct {
	Time    int64 // Unix seconds
	UIDNext uint32
}

// Landmark is a message by which the destination's folder is known again where its UIDVALIDITY says nothing.
type Landmark struct {
	UID   uint32            // the destination's
	Size  int64             // RFC822.SIZE in bytes, -1 if it was not told
	Date  int64             `json:",omitempty"` // INTERNALDATE in Unix seconds, 0 if it was not told
	MsgID mapping.MessageID `json:",omitempty"` // 0: the message has none
}

// Identity is the UIDVALIDITY and the UIDs under which a folder is shown.
type Identity struct {
	UIDValidity  uint32
	SnapshotNext uint32 // the source's UIDNEXT when UIDs were first told; 0 before that
	NextUID      uint32 // shown UID of the next new message
	Fixed        bool   // told to a client: none of this changes any more
	Own          bool   // made up by the proxy
	Native       bool   // the destination's own: only the destination has the folder
}

// FolderData is everything about one folder's messages.
type FolderData struct {
	Folder Folder
	Links  []Link // ascending by UID
	// FlagSets is the folder's table: a Link's FlagSet is an index into it. FlagSets[0] is the empty set.
	FlagSets []mapping.Flags
}

// Quarantine tells why the destination refused a message. The message itself stays where it is.
type Quarantine struct {
	UID      uint32 // shown
	Reason   string // for the admin, in our words
	Words    string // the server's own
	Code     string // its response code, "" if none
	Time     time.Time
	Attempts int
	Size     int64 // bytes, -1 if unknown
	// Saved names the saved bytes of the message; "" if there are none.
	Saved     string   `json:",omitempty"`
	SignedOff *SignOff `json:",omitempty"`
}

// SignOff says that a person accepted that the destination does not have a message.
type SignOff struct {
	By   string    `json:"by"`
	Time time.Time `json:"time"`
}

// Intent says that APPENDs to a folder's destination may be under way: what has a UID of DestUIDNext or more
// there may be ours. It is durable before the first byte is sent.
type Intent struct {
	DestUIDValidity uint32
	DestUIDNext     uint32
	Time            time.Time
	UIDs            []uint32 // shown UIDs in flight; nil: the links in state Copying tell
}

// Claim is the right of one owner to write to a folder until it expires.
type Claim struct {
	Owner   string
	Expires time.Time
}

// escaped is the folder as it is written: see escape.
func (f Folder) escaped(e func(string) (string, error)) (Folder, error) {
	t := texts{by: e}
	f.Name = t.one(f.Name)
	f.Path = t.all(f.Path)
	f.PastNames = t.all(f.PastNames)
	f.RenameTo = t.all(f.RenameTo)
	f.Problem = t.one(f.Problem)
	f.PausedFor = t.one(f.PausedFor)
	f.Sources = slices.Clone(f.Sources)
	for i := range f.Sources {
		s := &f.Sources[i]
		s.Name, s.Path = t.one(s.Name), t.all(s.Path)
	}
	return f, t.err
}

func (q Quarantine) escaped(e func(string) (string, error)) (Quarantine, error) {
	t := texts{by: e}
	q.Reason, q.Words, q.Code = t.one(q.Reason), t.one(q.Words), t.one(q.Code)
	if s := q.SignedOff; s != nil {
		q.SignedOff = &SignOff{By: t.one(s.By), Time: s.Time}
	}
	return q, t.err
}

// Intents and claims hold no text of a server's.
func (i Intent) escaped(func(string) (string, error)) (Intent, error) { return i, nil }
func (c Claim) escaped(func(string) (string, error)) (Claim, error)   { return c, nil }
