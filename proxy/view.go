package proxy

import (
	"math"
	"slices"

	"crossfade/backfill"
)

// View is the numbering that one client has been told about one selected mailbox: sequence number n is the
// n-th UID of the view. It belongs to one goroutine.
type View struct {
	box     Mailbox
	uids    []uint32 // shared with the engine, as a rule: never written to
	high    uint32   // the highest UID the client was ever told of
	version uint64   // flags are told up to here
	behind  bool     // messages are gone that the client may not be told of yet
	recent  []span   // UIDs that are \Recent here, ascending
}

// Update is what a client has to be told, in the order of the fields.
type Update struct {
	// Expunged are sequence numbers in descending order, so that each is right without counting the others.
	Expunged []uint32
	// Exists is the new number of messages, if Grown.
	Exists uint32
	Grown  bool
	// Flags are messages whose flags changed, with their numbers after the expunges.
	Flags []FlagUpdate
	// Switched: the folder has other numbers now. Nothing else is told, and the client has to go.
	Switched bool
}

// FlagUpdate is one FETCH FLAGS response.
type FlagUpdate struct {
	Seq  uint32
	Item backfill.ItemState
}

// Empty tells whether there is nothing to say.
func (u *Update) Empty() bool {
	return !u.Switched && len(u.Expunged) == 0 && !u.Grown && len(u.Flags) == 0
}

// NewView freezes the numbers of the mailbox as it is now.
func NewView(box Mailbox) *View {
	ch := box.Changes(0)
	v := &View{box: box, uids: clip(ch.UIDs), version: ch.Version}
	if n := len(v.uids); n > 0 {
		v.high = v.uids[n-1]
		v.claim(0)
	}
	return v
}

// clip keeps a view within what a sequence number can hold.
func clip(uids []uint32) []uint32 {
	if uint64(len(uids)) > math.MaxUint32 {
		return uids[:math.MaxUint32]
	}
	return uids
}

// Switched tells whether the folder has other numbers now: no command may be run on the view any more.
func (v *View) Switched() bool { return v.box.Life().Err() != nil }

// Mailbox returns the mailbox behind the view.
func (v *View) Mailbox() Mailbox { return v.box }

// Len is the number of messages the client knows of.
func (v *View) Len() uint32 { return uint32(len(v.uids)) }

// UIDs are the UIDs in order of their sequence numbers. They must not be written to.
func (v *View) UIDs() []uint32 { return v.uids }

// UID returns the UID with the sequence number seq, which counts from 1.
func (v *View) UID(seq uint32) (uint32, bool) {
	if seq == 0 || uint64(seq) > uint64(len(v.uids)) {
		return 0, false
	}
	return v.uids[seq-1], true
}

// Seq returns the sequence number of uid.
func (v *View) Seq(uid uint32) (uint32, bool) {
	i, ok := slices.BinarySearch(v.uids, uid)
	return uint32(i) + 1, ok
}

// Wait returns a channel that is closed when Sync may have something to say. The view must have been synced
// with expunge allowed just before.
func (v *View) Wait() <-chan struct{} { return v.box.Changed(v.version) }

// Sync brings the view as near to the folder as the protocol allows now and returns what the client has to be
// told. Without expunge (FETCH, STORE, SEARCH, RFC 3501 7.4.1) vanished messages stay in the view, and with them
// the list of UIDs as it is.
//
// told are messages, ascending by UID, whose flags the client knows already: because it was just answered, or
// because it asked for silence. They are mentioned only if their flags are now different ones.
func (v *View) Sync(expunge bool, told []backfill.ItemState) Update {
	ch := v.box.Changes(v.version)
	if ch.Switched {
		return Update{Switched: true}
	}
	var u Update
	known := v.Len()
	if v.behind || !ch.Same {
		known = v.move(&u, clip(ch.UIDs), expunge)
	}
	v.version = ch.Version
	v.flags(&u, known, ch.Flags, told)
	return u
}

// move goes from the view's UIDs to now, or stays and remembers that it is behind. It returns how many of the
// messages in the view the client knew before.
func (v *View) move(u *Update, now []uint32, expunge bool) (known uint32) {
	fresh, found := slices.BinarySearch(now, v.high)
	if found {
		fresh++
	}
	gone, odd := diff(v.uids, now[:fresh])
	if v.behind = len(gone) > 0 && !expunge; v.behind {
		return v.Len()
	}
	known = v.Len() - uint32(len(gone))
	slices.Reverse(gone)
	u.Expunged = gone
	if odd {
		now = without(v.uids, gone, now[fresh:])
	}
	v.uids = now
	if u.Grown = v.Len() > known; u.Grown {
		old := v.high
		v.high = now[len(now)-1]
		v.claim(old)
		u.Exists = v.Len()
	}
	return known
}

// diff compares two ascending lists: the sequence numbers of old that now lacks, ascending, and whether now has
// UIDs that are not in old.
func diff(old, now []uint32) (gone []uint32, odd bool) {
	j := 0
	for i, uid := range old {
		for j < len(now) && now[j] < uid {
			odd = true
			j++
		}
		if j < len(now) && now[j] == uid {
			j++
			continue
		}
		gone = append(gone, uint32(i)+1)
	}
	return gone, odd || j < len(now)
}

// without copies old without the sequence numbers in gone (descending) and with fresh behind it.
func without(old, gone, fresh []uint32) []uint32 {
	out := make([]uint32, 0, len(old)-len(gone)+len(fresh))
	g := len(gone) - 1
	for i, uid := range old {
		if g >= 0 && gone[g] == uint32(i)+1 {
			g--
			continue
		}
		out = append(out, uid)
	}
	return append(out, fresh...)
}

// flags adds the flag changes of the first known messages, unless the client has been told them.
func (v *View) flags(u *Update, known uint32, changed, told []backfill.ItemState) {
	if len(changed) == 0 {
		return
	}
	u.Flags = make([]FlagUpdate, 0, len(changed))
	for _, item := range changed {
		if seq, ok := v.Seq(item.UID); ok && seq <= known && !knows(told, item) {
			u.Flags = append(u.Flags, FlagUpdate{Seq: seq, Item: item})
		}
	}
}

func knows(told []backfill.ItemState, item backfill.ItemState) bool {
	i, ok := slices.BinarySearchFunc(told, item.UID, func(t backfill.ItemState, uid uint32) int {
		switch {
		case t.UID < uid:
			return -1
		case t.UID > uid:
			return 1
		}
		return 0
	})
	return ok && told[i].Flags == item.Flags
}
