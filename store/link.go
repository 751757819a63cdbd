package store

import "crossfade/mapping"

// State is where a link stands.
type State uint8

// The states of a link. A link without one cannot be stored.
const (
	Listed      State = iota + 1 // on the source only
	Copying                      // its APPEND may be under way; the folder has an Intent
	Copied                       // on both sides
	Quarantined                  // refused by the destination; see Quarantine
	Whiteout                     // deleted by the user: shown no more, never copied again
	Above                        // on the destination only
)

// String is the state's name for logs and reports.
func (s State) String() string {
	switch s {
	case Listed:
		return "listed"
	case Copying:
		return "copying"
	case Copied:
		return "copied"
	case Quarantined:
		return "quarantined"
	case Whiteout:
		return "whiteout"
	case Above:
		return "above"
	}
	return "unknown"
}

// FlagSet names a set of flags in the table of its folder (FolderData.FlagSets). 0 is the empty set.
type FlagSet uint32

// Link is one message known on one side or on both, under the UID by which clients know it. There may be
// hundreds of thousands: the fields are ordered to keep it small.
type Link struct {
	Ref    string  // source ref that is not a UID (a DAV href), else ""
	UID    uint32  // shown UID, the key; never 0
	Src    uint32  // source UID in Folder.Sources[Box]; 0: born on the destination
	Dst    uint32  // destination UID; 0: none known
	Flags  FlagSet // as shown
	Base   FlagSet // the source's flags when last seen: the base of the three-way merge
	Sent   FlagSet // flags sent with the APPEND that is in flight
	Box    uint16  // index into Folder.Sources
	Zone   int16   // zone of Date, in minutes east of UTC
	State  State
	Paired bool // Dst was paired by size, Message-ID and date; no hash has confirmed it yet
	// Touched: a client changed it through the proxy, so changes on the source do not undo that.
	Touched bool
	// Lost: the source did not list it when last asked. Src is kept, so that it is known again if it comes back;
	// until then the destination answers for it.
	Lost bool
	// Leaving: a command that removes it from the destination was sent with many others: that it vanishes there
	// surprises nobody.
	Leaving bool
	// Altered: the destination's copy is not as the source has it: it rewrites what it is given.
	Altered bool
	// HasDetails: Size, Date, Zone and MsgID are known. Without it they are not kept and are read back as
	// -1, 0, 0 and 0.
	HasDetails bool
	Size       int64             // RFC822.SIZE as the source tells it, in bytes
	Date       int64             // INTERNALDATE in Unix seconds
	MsgID      mapping.MessageID // 0: the message has none
	Hash       [16]byte          // first half of the SHA-256 of BODY.PEEK[]; zero unless the message was read
}

// HasHash tells whether the message's bytes were read.
func (l *Link) HasHash() bool { return l.Hash != [16]byte{} }

// ChunkOf is the chunk in which a shown UID is kept. A chunk is the unit of writing: 256 consecutive UIDs.
func ChunkOf(uid uint32) uint32 { return uid >> 8 }
