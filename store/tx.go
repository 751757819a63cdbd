package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"crossfade/mapping"
)

// Tx writes typed records; it reads what it has written.
type Tx struct {
	Rx
	txn     Txn
	deleted bool // a folder was deleted: its records are to be swept
}

// put writes one JSON record.
func put[T record[T]](t *Tx, key []byte, r T) error {
	value, err := encodeRecord(r)
	if err != nil {
		return err
	}
	return t.txn.Set(key, value)
}

// next gives out the next number of a counter, beginning with 1.
func (t *Tx) next(name string) (uint32, error) {
	key := textKey(keyCounter, name)
	n, err := t.number(key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	if n == math.MaxUint32 {
		return 0, fmt.Errorf("store: no number left for %s", name)
	}
	return n + 1, t.setNumber(key, n+1)
}

func (t *Tx) setNumber(key []byte, n uint32) error {
	return t.txn.Set(key, binary.BigEndian.AppendUint32(nil, n))
}

// NewAccountID gives out a number for a new account.
func (t *Tx) NewAccountID() (AccountID, error) {
	n, err := t.next("account")
	return AccountID(n), err
}

// generation is the name of the counter that grows with each start of the program, and while it writes.
const generation = "generation"

// PutGeneration writes the generation of the state.
func (t *Tx) PutGeneration(n uint32) error { return t.setNumber(textKey(keyCounter, generation), n) }

// NewFolderID gives out a number for a new folder.
func (t *Tx) NewFolderID() (FolderID, error) {
	n, err := t.next("folder")
	return FolderID(n), err
}

// PutAccount writes an account and keeps its Key and Aliases findable. ErrTaken when one of them belongs to
// another account.
func (t *Tx) PutAccount(a Account) error {
	if a.ID == 0 || a.Key == "" {
		return errors.New("store: an account needs a number and a key")
	}
	old, err := t.Account(a.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, key := range indexKeys(old) {
		if err := t.txn.Delete(key); err != nil {
			return err
		}
	}
	for _, key := range indexKeys(a) {
		taken, err := t.has(key)
		if err != nil {
			return err
		}
		owner, err := t.number(key)
		if taken && (err != nil || owner != uint32(a.ID)) {
			return errors.Join(ErrTaken, err)
		}
		if err := t.setNumber(key, uint32(a.ID)); err != nil {
			return err
		}
	}
	return put(t, numKey(keyAccount, uint32(a.ID)), a)
}

// DeleteAccount forgets an account that never had a folder.
func (t *Tx) DeleteAccount(id AccountID) error {
	old, err := t.Account(id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, key := range append(indexKeys(old), numKey(keyAccount, uint32(id))) {
		if err := t.txn.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// indexKeys are the keys under which an account is found.
func indexKeys(a Account) [][]byte {
	if a.Key == "" {
		return nil
	}
	keys := [][]byte{textKey(keyAccountKey, a.Key)}
	for _, alias := range a.Aliases {
		keys = append(keys, textKey(keyAlias, alias))
	}
	return keys
}

// PutFolder writes a folder's record; its links are apart.
func (t *Tx) PutFolder(f Folder) error {
	if f.Account == 0 || f.ID == 0 {
		return errors.New("store: a folder needs a number and an account")
	}
	if len(f.Sources) > math.MaxUint16+1 {
		return fmt.Errorf("%w: %d sources of one folder", ErrTooBig, len(f.Sources))
	}
	return put(t, folderKey(keyFolder, f.Account, f.ID), f)
}

// DeleteFolder removes a folder and everything kept for it.
func (t *Tx) DeleteFolder(acc AccountID, id FolderID) error {
	for _, kind := range []byte{keyFolder, keyIntent, keyClaim, keyTally} {
		if err := t.txn.Delete(folderKey(kind, acc, id)); err != nil {
			return err
		}
	}
	t.deleted = true
	return t.txn.Set(folderKey(keyDeleted, acc, id), nil)
}

// PutChunk replaces the links of one chunk: all those whose ChunkOf(UID) is chunk, ascending by UID. An empty
// slice removes the chunk.
func (t *Tx) PutChunk(acc AccountID, id FolderID, chunk uint32, links []Link) error {
	key := folderKey(keyLinks, acc, id, chunk)
	if len(links) == 0 {
		return t.txn.Delete(key)
	}
	value, err := encodeChunk(chunk, links)
	if err != nil {
		return err
	}
	return t.txn.Set(key, value)
}

// PutFlagSet adds a flag set to the folder's table. Numbers begin with 1 and have no holes; a set once written
// is never changed, because links refer to it.
func (t *Tx) PutFlagSet(acc AccountID, id FolderID, n FlagSet, flags mapping.Flags) error {
	key := folderKey(keyFlags, acc, id, uint32(n))
	old, err := t.r.Get(key)
	switch {
	case err == nil && string(old) == string(flags):
		return nil
	case err == nil:
		return fmt.Errorf("store: flag set %d is %q and cannot become %q", n, old, flags)
	case !errors.Is(err, ErrNotFound):
		return err
	case n == 0:
		return errors.New("store: flag set 0 is the empty one")
	}
	if n > 1 {
		before, err := t.has(folderKey(keyFlags, acc, id, uint32(n-1)))
		if err != nil {
			return err
		}
		if !before {
			return fmt.Errorf("store: flag set %d before %d", n, n-1)
		}
	}
	return t.txn.Set(key, []byte(flags))
}

// PutQuarantine records a message that the destination refused.
func (t *Tx) PutQuarantine(acc AccountID, id FolderID, q Quarantine) error {
	return put(t, folderKey(keyQuarantine, acc, id, q.UID), q)
}

// DeleteQuarantine forgets the refusal of a message.
func (t *Tx) DeleteQuarantine(acc AccountID, id FolderID, uid uint32) error {
	return t.txn.Delete(folderKey(keyQuarantine, acc, id, uid))
}

// PutIntent records that APPENDs to the folder may be under way from now on.
func (t *Tx) PutIntent(acc AccountID, id FolderID, i Intent) error {
	return put(t, folderKey(keyIntent, acc, id), i)
}

// DeleteIntent records that every APPEND to the folder is accounted for.
func (t *Tx) DeleteIntent(acc AccountID, id FolderID) error {
	return t.txn.Delete(folderKey(keyIntent, acc, id))
}

// PutClaim writes the folder's claim, whoever had it before: read it first, in the same update.
func (t *Tx) PutClaim(acc AccountID, id FolderID, c Claim) error {
	return put(t, folderKey(keyClaim, acc, id), c)
}

// DeleteClaim gives the folder's claim up.
func (t *Tx) DeleteClaim(acc AccountID, id FolderID) error {
	return t.txn.Delete(folderKey(keyClaim, acc, id))
}

// PutLinks writes whole chunks of one folder from its complete list of links, ascending by UID: those of the
// given chunks, each replaced by what links holds for it.
func (t *Tx) PutLinks(acc AccountID, id FolderID, links []Link, chunks ...uint32) error {
	for _, chunk := range chunks {
		from, _ := slices.BinarySearchFunc(links, chunk, func(l Link, c uint32) int {
			if ChunkOf(l.UID) < c {
				return -1
			}
			return 1
		})
		to := from
		for to < len(links) && ChunkOf(links[to].UID) == chunk {
			to++
		}
		if err := t.PutChunk(acc, id, chunk, links[from:to]); err != nil {
			return err
		}
	}
	return nil
}
