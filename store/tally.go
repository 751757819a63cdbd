package store

import "fmt"

// Tally counts the links of one folder, so that nobody has to read them to know how many there are. The engine
// writes it together with the links it counts. Slices are indexed by State, Refused by a class of the engine's.
type Tally struct {
	Links    []int   `json:",omitempty"`
	Bytes    []int64 `json:",omitempty"` // of those whose size is known
	Unsized  []int   `json:",omitempty"` // those whose size is not known yet
	Own      []int   `json:",omitempty"` // those that the folder's own source folders have now
	Refused  []int   `json:",omitempty"` // quarantined, by class
	Signed   []int   `json:",omitempty"` // those of them that the admin signed off
	OwnDone  int     `json:",omitempty"` // signed off, and among Own
	Flying   int     `json:",omitempty"` // an APPEND was sent, its end is unknown
	Removing int     `json:",omitempty"` // copies that are to be removed from the destination
	OnDest   int     `json:",omitempty"` // with a destination UID
	Leaving  int     `json:",omitempty"` // that a command was to remove, its end unknown
	Lost     int     `json:",omitempty"` // that the source lists no more
}

// escaped: a tally holds no text.
func (t Tally) escaped(func(string) (string, error)) (Tally, error) { return t, nil }

// PutTally writes what a folder's links count up to.
func (t *Tx) PutTally(acc AccountID, id FolderID, n Tally) error {
	return put(t, folderKey(keyTally, acc, id), n)
}

// Tallies returns the tallies of an account's folders. A folder that was last written by an earlier version has
// none.
func (x *Rx) Tallies(acc AccountID) (map[FolderID]Tally, error) {
	all := make(map[FolderID]Tally)
	err := x.r.Scan(numKey(keyTally, uint32(acc)), func(key, value []byte) error {
		id, ok := lastNum(key, 2)
		if !ok {
			return fmt.Errorf("%w: key %x", ErrCorrupt, key)
		}
		n, err := decodeRecord[Tally](value)
		all[FolderID(id)] = n
		return err
	})
	return all, err
}
