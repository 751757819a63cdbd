package store

import (
	"crypto/sha256"
	"errors"
	"slices"

	"crossfade/mapping"
)

// maxShown is how many UIDVALIDITYs are kept of one name; the greatest are.
const maxShown = 100

// Name is what a folder's name was shown under by folders that do not bear it any more: they were deleted or renamed.
type Name struct {
	Account AccountID
	Path    mapping.Path
	// UIDValidities ascend. What comes under this name next must be shown under a greater one.
	UIDValidities []uint32
	By            []FolderID `json:",omitempty"` // the folders that were shown under them, one for each; 0: not known
	Last          FolderID   // the last folder that bore the name
}

// ToldBy is the folder that was shown under a UIDVALIDITY when it had the name, 0 if that is not known.
func (n *Name) ToldBy(uidValidity uint32) FolderID {
	if i, ok := slices.BinarySearch(n.UIDValidities, uidValidity); ok && i < len(n.By) {
		return n.By[i]
	}
	return 0
}

// High is the greatest UIDVALIDITY shown under the name, 0 if there was none.
func (n *Name) High() uint32 {
	if len(n.UIDValidities) == 0 {
		return 0
	}
	return n.UIDValidities[len(n.UIDValidities)-1]
}

// nameKey has the path hashed: names may be longer than a key.
func nameKey(acc AccountID, path mapping.Path) []byte {
	sum := sha256.Sum256([]byte(path.Key()))
	return append(numKey(keyName, uint32(acc)), sum[:16]...)
}

// Name returns what is known of a name that was given up; nothing is if there is no such record.
func (x *Rx) Name(acc AccountID, path mapping.Path) (Name, error) {
	n, err := get[Name](x, nameKey(acc, path))
	if errors.Is(err, ErrNotFound) {
		return Name{Account: acc, Path: path}, nil
	}
	return n, err
}

// Names returns all names of an account that were given up, in no order.
func (x *Rx) Names(acc AccountID) ([]Name, error) { return list[Name](x, numKey(keyName, uint32(acc))) }

// AddName notes that a folder has given its name up, and what it was shown under there. What the name was known for already
// is the earlier folder's: the later one has inherited it, or is the same.
func (t *Tx) AddName(acc AccountID, path mapping.Path, folder FolderID, uidValidities ...uint32) error {
	n, err := t.Name(acc, path)
	if err != nil {
		return err
	}
	all := append(slices.Clone(n.UIDValidities), uidValidities...)
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(v uint32) bool { return v == 0 })
	all = all[max(0, len(all)-maxShown):]
	by := make([]FolderID, len(all))
	for i, v := range all {
		if by[i] = folder; slices.Contains(n.UIDValidities, v) {
			by[i] = n.ToldBy(v)
		}
	}
	n.UIDValidities, n.By, n.Last = all, by, folder
	return put(t, nameKey(acc, path), n)
}

func (n Name) escaped(e func(string) (string, error)) (Name, error) {
	t := texts{by: e}
	n.Path = t.all(n.Path)
	return n, t.err
}

// Renaming says that a client's RENAME of a folder, and of those below it, is under way.
type Renaming struct {
	From, To mapping.Path
}

// Renaming returns the account's open RENAME, or ErrNotFound.
func (x *Rx) Renaming(acc AccountID) (Renaming, error) {
	return get[Renaming](x, numKey(keyRenaming, uint32(acc)))
}

// PutRenaming notes a RENAME before the destination is asked for it. An account has one at a time.
func (t *Tx) PutRenaming(acc AccountID, r Renaming) error {
	return put(t, numKey(keyRenaming, uint32(acc)), r)
}

// DeleteRenaming notes that every record has followed, or that nothing came of it.
func (t *Tx) DeleteRenaming(acc AccountID) error {
	return t.txn.Delete(numKey(keyRenaming, uint32(acc)))
}

func (r Renaming) escaped(e func(string) (string, error)) (Renaming, error) {
	t := texts{by: e}
	r.From, r.To = t.all(r.From), t.all(r.To)
	return r, t.err
}
