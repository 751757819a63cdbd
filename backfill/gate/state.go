package gate

import (
	"context"
	"time"

	"crossfade/store"
)

// State is what the conditions look at, taken at one moment.
type State struct {
	Time                time.Time
	Source, Destination string // the servers' names
	Held                bool   // the whole backfill rests
	Rebuilds            []Rebuild
	Accounts            []Account // those of which the source is still watched
	Closed              int       // the others
	// Refused calls each for every message in quarantine.
	Refused func(ctx context.Context, each func(Refused) error) error
}

// Rebuild is an account that waits for 'crossfade rebuild'.
type Rebuild struct{ Account, Why, State string }

// Account is what the state knows of one account.
type Account struct {
	Name string
	// Listed: its folders were listed since the program started. Of its folders, Sourced have source folders of their own,
	// and Examined of these were listed.
	Listed                     bool
	Folders, Sourced, Examined int
	Done, Source, Left         int       // messages: done of those on the source, and still to be copied
	Problems                   []string  // of the account itself
	Stopped                    []Stopped // folders that have stopped
	Paused                     []string  // folders that are paused, by themselves or with the account
	Hidden                     string    // why it is doubted that the source shows the whole mailbox; "" if it is not
	Views                      []View    // folders that show all messages and are not moved
	Cleaned                    []Stopped // folders that are paused because the destination would delete what is copied there
	Flights                    []Flight  // folders in which something is under way
	Verified                   *store.Verified
	Arrival                    time.Time // of the message that came to the source last; zero if none did
	ArrivedIn                  string    // folder
	// Native are the folders that are shown under the destination's numbers, Unsettled the others, Waits what they wait for.
	Native, Unsettled int
	Waits             string
	AliasUses         uint64    // of the source's folder paths
	AliasUsed         time.Time // last time
	SpliceAccepted    bool      // the admin accepts that they end
	Sessions          int
	LastLogin         time.Time   // zero if it is not known
	NeverCame         bool        // no client of this account has ever logged in through the proxy
	Stays             *store.Left // what is on the source besides mail; nil: nobody has looked
}

// Stopped is a folder that does not go on.
type Stopped struct{ Folder, Why string }

// View is a folder of the source that shows what lies in all others. At least Alone of its messages lie in no other folder;
// Archives says that mail is put there on purpose, so that more of them may.
type View struct {
	Folder          string
	Messages, Alone int
	Archives        bool
}

// Flight is a folder in which copies, removals or a subscription are under way, or their end is not known yet.
type Flight struct {
	Folder   string
	Messages int
}

// Refused is a message in quarantine.
type Refused struct {
	Account, Folder string
	UID             uint32
	Class           string
	Signed          bool // the admin accepted that it stays behind
	Saved           bool // its bytes are saved
}
