package metrics

import (
	"time"

	"crossfade/backfill/pace"
)

// Snapshot is what there is to tell at one moment. What is counted by name holds every name there is, zeros included.
type Snapshot struct {
	Time            time.Time
	Held            bool           // the whole backfill rests
	Accounts        map[string]int // by state
	Folders         map[string]int // by state
	Messages        []Messages     // by state
	Refused         []Refused      // by class
	Reappended      int            // messages
	Ratio, ETA      *float64       // of everything; nil while it is not known
	Domains         []Domain
	Hosts           []pace.Stats
	Queue           Queue
	AccountStages   map[string]int // by stage
	FolderStages    map[string]int // by stage
	Unsettled       map[string]int // folders by what they wait for
	SettleStopped   bool
	Rebuilds        int            // accounts that wait for a rebuild
	Paused          map[string]int // by kind: all (0 or 1), account, folder
	Asking          map[string]int // by kind: account, folder
	Asked           *Asked         // nil: the gate was not asked
	Logins          []Logins       // by server
	KnownBad        int            // passwords
	KnownBadRefused uint64         // logins since the program started
	MemoryBudget    int64          // bytes
	MemoryInFlight  int64
}

// Asked is how the gate answered when it was asked last.
type Asked struct {
	At         time.Time
	Conditions map[string]bool // name: it stands in nobody's way
}

// Messages are the messages in one state.
type Messages struct {
	State   string
	Count   int
	Bytes   int64 // of those whose size is known
	Unsized int   // the others
}

// Refused are the messages in quarantine of one class.
type Refused struct {
	Class        string
	Open, Signed int
}

// Domain is what is told of all accounts of a mail domain.
type Domain struct {
	Name                         string
	Accounts, Source, Done       int
	Ratio, ETA                   *float64 // nil while it is not known
	Copied, CopiedBytes, Matched int64    // since the program started
}

// Queue is what waits to be copied, and for how long.
type Queue struct {
	Opened, Background       int // folders
	OldestOpened, OldestLook time.Duration
}
