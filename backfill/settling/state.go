package settling

import (
	"time"

	"crossfade/backfill/pace"
)

// Pace is how patient settling is. What is zero does not limit.
type Pace struct {
	// After is how long a folder must have been complete. Never: folders settle only when an admin says so.
	After time.Duration
	// Unseen is how long after its account's first login a folder settles that no client ever opened.
	Unseen time.Duration
	// Folders, Accounts and Bytes bound what settles within any hour.
	Folders, Accounts int
	Bytes             int64
	// Hours are the times of the week in which folders settle; none: always.
	Hours pace.Hours
}

// Never is the After of folders that do not settle by themselves.
const Never time.Duration = -1

// bounded tells whether there may be too much within an hour.
func (p *Pace) bounded() bool { return p.Folders > 0 || p.Accounts > 0 || p.Bytes > 0 }

// Default is what holds unless an admin says otherwise: some days for a company of some hundred accounts.
func Default() Pace {
	return Pace{After: 24 * time.Hour, Unseen: 30 * 24 * time.Hour, Folders: 200, Accounts: 20, Bytes: 20e9}
}

// Account is what is known of one account.
type Account struct {
	FirstLogin time.Time // zero: no client came yet
	NoClients  bool      // the admin says that nobody uses IMAP there
	Stopped    bool      // nothing of it settles, by an admin's command
	Folders    []Folder
}

// Folder is what is known of one folder, settled or not.
type Folder struct {
	Settled    time.Time // zero: it has not settled
	Complete   time.Time // since when nothing of it was seen to be left to do; zero: something is
	LastClient time.Time // zero: no client opened it
	Bytes      int64     // of its mail: about what a device downloads again
	Stopped    bool      // by an admin's command
	Ordered    bool      // an admin said: as soon as it is complete, without patience and pace
	Now        bool      // it is under way: it counts as settled, and no other of its account goes meanwhile
	// Refused: it was tried in vain; not before this time again.
	Refused time.Time
}
