package backfill

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// provisional is the first of the numbers that links bear until the folder's identity is fixed. They are never
// shown: fixing the identity renumbers them above the gap. No source UID reaches so far under source identity.
const provisional = 0xC0000000

// folder is one shown folder in memory: its record, its links, and a version that grows with every change.
// Views compare versions, so no news can be lost and bursts merge by themselves.
//
// Three claims guard the conversations with the servers, one lock the state; no lock is held over a network call.
type folder struct {
	acct *account
	id   store.FolderID

	writer *claim // one writer per destination folder: copies, clients' appends, listings of new mail
	sync   *claim // one refresher of the source side
	// flagging: one at a time changes flags of copied mail, from what the destination is told to the links that say so.
	// Taken last.
	flagging *claim
	// passage lets clients' operations in, and is held for the switch to the destination's numbers.
	passage *passage

	editing sync.Mutex // one edit at a time; held over the commit, so that what is told is durable

	mu      sync.RWMutex
	rec     store.Folder
	links   []store.Link // ascending by UID, whiteouts included
	changed []uint64     // version at which links[i] last changed its flags
	sets    flagSets
	version uint64
	members uint64   // version at which shown last changed
	shown   []uint32 // UIDs that clients see; replaced or lengthened (see amend), never written to
	wake    chan struct{}

	recent recentMark // whom \Recent is shown to; guarded by mu

	loaded   bool                 // links and sets are in memory; guarded by mu
	tally    tally                // of links; stays when they are unloaded
	tallied  bool                 // it is known: the links were counted once, now or when it was stored
	kept     bool                 // it is in the store; guarded by editing
	refused  map[uint32]refusedAs // what messages in quarantine count as; guarded by mu
	problems map[string]problem   // by kind: destination, create, copy, and one for each source folder
	answers  map[string]answer    // the admin's, to problems by kind; guarded by mu
	notes    map[string]string    // by kind: what the admin should know although the folder goes on; guarded by mu
	onDest   presence             // as the last LIST of the destination had it; guarded by mu

	refs    int       // sessions and workers that use it; guarded by acct.mu
	viewers int       // sessions that have it selected; guarded by acct.mu
	opened  time.Time // when a client last opened it; guarded by acct.mu
	watched bool      // its watcher runs; guarded by acct.mu

	listings    atomic.Uint64          // listings of source folders that were taken in; changed under editing
	listedAll   map[uint16]time.Time   // when a source folder was last listed completely; guarded by sync
	flagsListed map[uint16]flagsListed // by source folder; guarded by sync
	source      map[uint16]*cursor     // what the last look at each source folder told; guarded by sync
	dest        cursor                 // the same for the destination; changed by the writer only, guarded by mu
	// appended is one above the highest UID our own APPENDs are known to have got; guarded by mu.
	appended uint32
	// removed are destination UIDs that clients expunged since the last listing there began: a listing that
	// still had them must not bring them back. Guarded by mu.
	removed map[uint32]struct{}
	// landmarked is one above the version at which it was last seen whether landmarks are due. Guarded by mu.
	landmarked uint64
	// departing commands remove messages from the destination now; departures were begun so far. Guarded by mu.
	departing  int
	departures uint64
	losses     losses    // what the source lost; guarded by mu
	leftAt     time.Time // when something was last seen to be left to copy, in this run; guarded by mu
	tried      tried     // what stood in the way of settling; guarded by mu
	settles    bool      // it is being tried just now; guarded by mu
	below      time.Time // last look at all of its source folders that went well; guarded by mu
	looked     time.Time // last look at both sides; guarded by sync
	fixing     bool      // the identity is fixed when the look is over, and withFix with it; changed by who holds sync and writer
	withFix    []func(*edit) error
	checked    time.Time // last pass of the backfill; guarded by mu
	quietAt    time.Time // nothing was new then, as servers told without a look in full or a client's look saw; guarded by mu
	owed       bool      // a look since checked did not see or do everything; guarded by mu
	glimpse    glimpse   // of the account's worker alone
	matched    bool      // while its account is rebuilt: both sides were compared; guarded by mu
	savedSeen  bool      // this run has looked whether saved bytes are there; of the folder's turn alone
	cutAt      time.Time // when a connection last ended in the middle of an APPEND; guarded by writer
	inbox      bool
	uidsClear  bool // this run has tried to keep the destination's numbers clear of the source's; of the folder's turn alone
	dropped    bool // the folder is forgotten: nothing may be written of it; guarded by editing
	// suspects were under way when the destination broke off; unread counts how often the source broke off at a message.
	// Both by shown UID, guarded by mu.
	suspects map[uint32]*suspect
	unread   map[uint32]int
	swallows map[uint32]int      // how often the destination took a message and did not keep it; likewise
	altered  map[uint32]struct{} // copies about to be linked that the destination altered, by shown UID; guarded by writer
	sampled  bool                // the first copies were looked at for that; guarded by writer
	sending  []incoming          // what an APPEND is under way for, its bytes at hand; guarded by writer
}

// unloaded makes the in-memory folder of a record; load brings in its links when they are needed.
func unloaded(a *account, rec store.Folder) *folder {
	below, above := a.e.opt.Source, a.e.opt.Destination
	return &folder{
		acct: a, id: rec.ID, writer: newClaim(above), sync: newClaim(below, above), flagging: newClaim(above), passage: newPassage(),
		rec: rec, inbox: rec.Path.IsInbox(), sets: newFlagSets(nil), version: 1, members: 1, wake: make(chan struct{}),
		problems: make(map[string]problem), notes: make(map[string]string), source: make(map[uint16]*cursor),
	}
}

// visible tells whether clients see the link at all.
func visible(l *store.Link) bool { return l.State != store.Whiteout && l.UID < provisional }

func shownUIDs(links []store.Link) []uint32 {
	out := make([]uint32, 0, len(links))
	for i := range links {
		if visible(&links[i]) {
			out = append(out, links[i].UID)
		}
	}
	return out
}

// presence is what the destination's LIST says of a folder.
type presence struct {
	Exists     bool
	Attrs      []string
	Subscribed bool
}

// cursor is how far a side's folder was looked at.
type cursor struct {
	state  BoxState
	looked time.Time // when it was listed or polled; zero while it was only examined
	met    time.Time // when it was examined at the first meeting
}

// destCursor tells how far the destination's folder was looked at.
func (f *folder) destCursor() cursor {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.dest
}

func (f *folder) setDest(c cursor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dest = c
}

// noteAppended remembers that UIDs below next were given out on the destination.
func (f *folder) noteAppended(next uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.appended = max(f.appended, next)
}

// noteRemoved remembers what was expunged on the destination; the caller holds mu.
func (f *folder) noteRemoved(dst uint32) {
	if f.removed == nil {
		f.removed = make(map[uint32]struct{})
	}
	f.removed[dst] = struct{}{}
}

// wasRemoved tells whether a listing that has the message is older than its removal.
func (f *folder) wasRemoved(dst uint32) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, ok := f.removed[dst]
	return ok
}

// destFloor is a UID that no APPEND to come can be below.
func (f *folder) destFloor() uint32 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return max(f.rec.DestUIDNext, f.appended)
}

// find returns the index of uid in links, or where it would stand.
func find(links []store.Link, uid uint32) (int, bool) {
	i := sort.Search(len(links), func(i int) bool { return links[i].UID >= uid })
	return i, i < len(links) && links[i].UID == uid
}

// record returns a copy of the folder's record; its slices are never written to in place.
func (f *folder) record() store.Folder {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.rec
}

// snapshot returns the links of the given shown UIDs that still exist, in the order asked.
func (f *folder) snapshot(uids []uint32) []store.Link {
	return slices.DeleteFunc(f.snapshotAll(uids), func(l store.Link) bool { return !visible(&l) })
}

// snapshotAll is snapshot with whiteouts and numbers that are not shown yet.
func (f *folder) snapshotAll(uids []uint32) []store.Link {
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]store.Link, 0, len(uids))
	for _, u := range uids {
		if i, ok := find(f.links, u); ok {
			out = append(out, f.links[i])
		}
	}
	return out
}

// where returns copies of the links for which keep is true.
func (f *folder) where(keep func(*store.Link) bool) []store.Link {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var out []store.Link
	for i := range f.links {
		if keep(&f.links[i]) {
			out = append(out, f.links[i])
		}
	}
	return out
}

// flags returns the flags that a set id stands for.
func (f *folder) flags(id store.FlagSet) mapping.Flags {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.sets.get(id)
}

// changedSince returns a channel that is closed as soon as the version is above since.
func (f *folder) changedSince(since uint64) <-chan struct{} {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.version > since {
		return closedChan
	}
	return f.wake
}

var closedChan = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// changes is the difference between version since and now.
func (f *folder) changes(since uint64) Changes {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c := Changes{Version: f.version, UIDs: slices.Clip(f.shown), Same: since > 0 && f.members <= since, Switched: f.passage.over()}
	if since == 0 || f.version == since {
		return c
	}
	for i := range f.links {
		if f.changed[i] > since && visible(&f.links[i]) {
			c.Flags = append(c.Flags, f.item(i))
		}
	}
	return c
}

// item renders links[i]; the caller holds mu.
func (f *folder) item(i int) ItemState {
	l := &f.links[i]
	it := ItemState{UID: l.UID, Flags: f.sets.get(l.Flags), Size: -1, Version: f.changed[i]}
	if l.HasDetails && !(l.Altered && f.rec.Identity.Native) { // what the destination altered has another size there
		it.Size = l.Size
		it.Date = time.Unix(l.Date, 0).In(zone(l.Zone))
	}
	return it
}

// zone makes a fixed zone of minutes east of UTC.
func zone(minutes int16) *time.Location {
	if minutes == 0 {
		return time.UTC
	}
	return time.FixedZone("", int(minutes)*60)
}

// sourceOrder sorts links the way they are copied: by source folder, then by source UID (rule 6).
func sourceOrder(links []store.Link) {
	slices.SortStableFunc(links, func(a, b store.Link) int {
		if a.Box != b.Box {
			return int(a.Box) - int(b.Box)
		}
		switch {
		case a.Src < b.Src:
			return -1
		case a.Src > b.Src:
			return 1
		}
		return 0
	})
}
